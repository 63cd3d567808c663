using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;

namespace Culvert.Tls
{
    /// <summary>
    /// The command `connect`: a TLS client over a connection to a port of this computer. SslStream does the protocol, with Schannel below:
    /// it asks the store for each signature, sends the CAs of the system's stores along, and answers renegotiations. It offers
    /// no ALPN on the .NET Framework, so the server chooses as for a client that has none: HTTP/1.1.
    /// </summary>
    internal sealed class Connection
    {
        // SslProtocols of the framework has no name for it in every version.
        private const SslProtocols Tls13 = (SslProtocols)12288;
        private const int ChunkLength = 32 * 1024;

        /// <summary>How long an alert may take that says why nothing can be sent any more.</summary>
        private static readonly TimeSpan AlertLimit = TimeSpan.FromSeconds(2);

        private readonly Wire wire;
        private readonly SslStream tls;
        private readonly Stream output;
        private readonly ManualResetEvent received = new ManualResetEvent(false);
        private readonly ManualResetEvent over = new ManualResetEvent(false);

        private Connection(Wire wire, SslStream tls, Stream output)
        {
            this.wire = wire;
            this.tls = tls;
            this.output = output;
        }

        /// <summary>Returns when both sides are done, or the other end is gone after its close_notify.</summary>
        /// <exception cref="Failure">As the contract lists them.</exception>
        internal static void Run(ConnectRequest request)
        {
            request.Check();
            Trust trust = new Trust(request.Host, request.Verify, request.Roots);
            X509Certificate2 certificate = Stores.WithKey(request.Id);
            using (Stream output = Stdio.OpenOutputPipe())
            using (Wire wire = Open(request.Via))
            {
                ConnectedEvent connected = new ConnectedEvent();
                connected.Event = "connected";
                connected.Port = wire.Port;
                Json.Write(Stdio.Error, connected);
                using (SslStream tls = new SslStream(wire, true, trust.Accepts, delegate { return certificate; }))
                {
                    Handshake(tls, wire, trust, string.IsNullOrEmpty(request.Sni) ? request.Host : request.Sni, certificate);
                    ReadyEvent ready = new ReadyEvent();
                    ready.Event = "ready";
                    ready.Protocol = tls.SslProtocol == Tls13 ? "TLSv1.3" : "TLSv1.2";
                    Json.Write(Stdio.Error, ready);
                    new Connection(wire, tls, output).Relay();
                }
            }
        }

        private static Wire Open(int port)
        {
            try
            {
                return Wire.Connect(port);
            }
            catch (SocketException e)
            {
                throw new Failure(Failure.Tls, "The port for the ciphertext cannot be reached: " + e.Message);
            }
        }

        private static void Handshake(SslStream tls, Wire wire, Trust trust, string name, X509Certificate2 certificate)
        {
            try
            {
                tls.AuthenticateAsClient(
                    name, new X509CertificateCollection(new X509Certificate[] { certificate }), SslProtocols.Tls12 | Tls13, false);
            }
            catch (Exception e)
            {
                throw trust.Failure ?? TlsFaults.Explain(e, wire);
            }
        }

        private void Relay()
        {
            Thread sender = new Thread(Send);
            sender.IsBackground = true;
            sender.Start();
            Receive();
            EndEvent end = new EndEvent();
            end.Event = "end";
            Json.Write(Stdio.Error, end);
            output.Close();
            received.Set();
            // Sending goes on until stdin ends or the connection breaks.
            Thread drain = new Thread(Drain);
            drain.IsBackground = true;
            drain.Start();
            over.WaitOne();
        }

        private void Receive()
        {
            byte[] chunk = new byte[ChunkLength];
            for (;;)
            {
                int count;
                try
                {
                    count = tls.Read(chunk, 0, chunk.Length);
                }
                catch (Exception e)
                {
                    throw TlsFaults.Explain(e, wire);
                }
                if (count == 0)
                {
                    // An alert that is no close_notify would have been an exception.
                    if (wire.Ended && !wire.Records.EndedWithAlert)
                    {
                        throw new Failure(Failure.Reset, "The connection ended without a close_notify.");
                    }
                    return;
                }
                output.Write(chunk, 0, count);
            }
        }

        private void Send()
        {
            byte[] chunk = new byte[ChunkLength];
            try
            {
                int count;
                while ((count = Stdio.Input.Read(chunk)) > 0)
                {
                    tls.Write(chunk, 0, count);
                }
                tls.ShutdownAsync().Wait();
            }
            catch (Exception e)
            {
                // The thread that receives knows better why, if it learns it soon: an alert, or that all is said.
                if (!received.WaitOne(AlertLimit))
                {
                    Program.Fail(TlsFaults.Explain(e, wire));
                }
            }
            over.Set();
        }

        /// <summary>Learns that the connection is gone after the other end's close_notify.</summary>
        private void Drain()
        {
            byte[] chunk = new byte[ChunkLength];
            try
            {
                while (wire.Read(chunk, 0, chunk.Length) > 0)
                {
                }
            }
            catch (Exception)
            {
                over.Set();
            }
        }
    }
}
