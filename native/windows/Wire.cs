using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Culvert.Tls
{
    /// <summary>The ciphertext: a connection to a port of this computer, read along.</summary>
    internal sealed class Wire : Stream
    {
        private readonly NetworkStream stream;
        private readonly RecordWatch records = new RecordWatch();

        private Wire(Socket socket)
        {
            stream = new NetworkStream(socket, true);
            Port = ((IPEndPoint)socket.LocalEndPoint).Port;
        }

        /// <summary>The port of this end.</summary>
        internal int Port { get; private set; }

        /// <summary>
        /// The other end has closed the TCP connection. SslStream takes this for the end of the data as well; only when
        /// a close_notify came before has nothing been cut off.
        /// </summary>
        internal bool Ended { get; private set; }

        internal RecordWatch Records
        {
            get { return records; }
        }

        /// <exception cref="SocketException">Nothing listens there.</exception>
        internal static Wire Connect(int port)
        {
            Socket socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.NoDelay = true;
                socket.Connect(IPAddress.Loopback, port);
                return new Wire(socket);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        public override bool CanRead
        {
            get { return true; }
        }

        public override bool CanSeek
        {
            get { return false; }
        }

        public override bool CanWrite
        {
            get { return true; }
        }

        public override long Length
        {
            get { throw new NotSupportedException(); }
        }

        public override long Position
        {
            get { throw new NotSupportedException(); }
            set { throw new NotSupportedException(); }
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            return Seen(buffer, offset, count, stream.Read(buffer, offset, count));
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            stream.Write(buffer, offset, count);
        }

        // Of itself Stream lets only one asynchronous call run at a time, so that a read that waits would hold up the close_notify.
        public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            int read = await stream.ReadAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
            return Seen(buffer, offset, count, read);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            return stream.WriteAsync(buffer, offset, count, cancellationToken);
        }

        public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback callback, object state)
        {
            return stream.BeginWrite(buffer, offset, count, callback, state);
        }

        public override void EndWrite(IAsyncResult asyncResult)
        {
            stream.EndWrite(asyncResult);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin)
        {
            throw new NotSupportedException();
        }

        public override void SetLength(long value)
        {
            throw new NotSupportedException();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }
            base.Dispose(disposing);
        }

        private int Seen(byte[] buffer, int offset, int count, int read)
        {
            if (read > 0)
            {
                records.Seen(buffer, offset, read);
            }
            else if (count > 0)
            {
                Ended = true;
            }
            return read;
        }
    }
}
