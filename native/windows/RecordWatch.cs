namespace Culvert.Tls
{
    /// <summary>
    /// Reads the headers of the TLS records that arrive (RFC 8446, 5.1), for what SslStream does not tell: which alert came in the
    /// clear (all of TLS 1.2 before the keys change), and that the other end does not speak TLS at all.
    /// </summary>
    internal sealed class RecordWatch
    {
        private const byte LowestType = 20;
        private const byte HighestType = 24;
        private const byte AlertType = 21;
        private const int HeaderLength = 5;
        private const int AlertLength = 2;

        private readonly byte[] header = new byte[HeaderLength];
        private int inHeader;
        private int left;
        private bool anyRecord;

        /// <summary>Number of the last alert that came in the clear, null before.</summary>
        internal byte? Alert { get; private set; }

        /// <summary>The record that came last is whole and an alert, in the clear or (TLS 1.2) not.</summary>
        internal bool EndedWithAlert
        {
            get { return anyRecord && left == 0 && inHeader == 0 && header[0] == AlertType; }
        }

        /// <summary>The first bytes were no TLS record.</summary>
        internal bool NotTls { get; private set; }

        internal void Seen(byte[] data, int offset, int count)
        {
            int end = offset + count;
            for (int at = offset; at < end && !NotTls;)
            {
                if (left == 0)
                {
                    header[inHeader++] = data[at++];
                    if (inHeader == HeaderLength)
                    {
                        StartRecord();
                    }
                    continue;
                }
                int taken = end - at < left ? end - at : left;
                if (header[0] == AlertType && Length == AlertLength && left == taken)
                {
                    Alert = data[at + taken - 1];
                }
                left -= taken;
                at += taken;
            }
        }

        private int Length
        {
            get { return (header[3] << 8) | header[4]; }
        }

        private void StartRecord()
        {
            inHeader = 0;
            left = Length;
            NotTls = !anyRecord && (header[0] < LowestType || header[0] > HighestType || header[1] != 3);
            anyRecord = true;
        }
    }
}
