using System;
using System.Collections.Generic;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Culvert.Tls
{
    /// <summary>
    /// Whether a certificate is for a host, by its subjectAltName and nothing else (RFC 9525). Done here because SslStream checks the
    /// name it sends as SNI, which may be another one or none, and knows addresses only on newer versions of Windows.
    /// </summary>
    internal static class HostName
    {
        private const string SubjectAltName = "2.5.29.17";
        private const byte Sequence = 0x30;
        private const byte DnsName = 0x82;
        private const byte Address = 0x87;

        internal static bool Fits(X509Certificate2 certificate, string host)
        {
            IPAddress address;
            bool isAddress = IPAddress.TryParse(host.Trim('[', ']'), out address);
            string name = host.TrimEnd('.').ToLowerInvariant();
            foreach (X509Extension extension in certificate.Extensions)
            {
                if (extension.Oid.Value != SubjectAltName)
                {
                    continue;
                }
                foreach (KeyValuePair<byte, byte[]> entry in NamesOf(extension.RawData))
                {
                    if (isAddress ? entry.Key == Address && Bytes.Same(entry.Value, address.GetAddressBytes())
                        : entry.Key == DnsName && Matches(Encoding.ASCII.GetString(entry.Value), name))
                    {
                        return true;
                    }
                }
            }
            return false;
        }

        /// <summary>A star stands for the whole first label, and there must be two more.</summary>
        private static bool Matches(string pattern, string name)
        {
            pattern = pattern.TrimEnd('.').ToLowerInvariant();
            if (!pattern.StartsWith("*.", StringComparison.Ordinal))
            {
                return name.Length > 0 && pattern == name;
            }
            string rest = pattern.Substring(1);
            int dot = name.IndexOf('.');
            return dot > 0 && rest.IndexOf('.', 1) > 0 && rest.IndexOf('*') < 0 && name.Substring(dot) == rest;
        }

        /// <summary>Tags and contents of the GeneralNames; none of them when the DER is damaged anywhere.</summary>
        private static List<KeyValuePair<byte, byte[]>> NamesOf(byte[] der)
        {
            List<KeyValuePair<byte, byte[]>> names = new List<KeyValuePair<byte, byte[]>>();
            int at = 0;
            int length;
            if (!Header(der, Sequence, ref at, out length) || at + length != der.Length)
            {
                return names;
            }
            while (at < der.Length)
            {
                byte tag = der[at];
                if (!Header(der, tag, ref at, out length))
                {
                    return new List<KeyValuePair<byte, byte[]>>();
                }
                byte[] content = new byte[length];
                Array.Copy(der, at, content, 0, length);
                names.Add(new KeyValuePair<byte, byte[]>(tag, content));
                at += length;
            }
            return names;
        }

        /// <summary>Reads tag and length at `at` and moves it to the content, which is then known to be there.</summary>
        private static bool Header(byte[] der, byte tag, ref int at, out int length)
        {
            length = 0;
            if (der.Length - at < 2 || der[at] != tag)
            {
                return false;
            }
            int first = der[at + 1];
            at += 2;
            if (first < 0x80)
            {
                length = first;
            }
            else
            {
                int octets = first - 0x80;
                if (octets < 1 || octets > 3 || der.Length - at < octets)
                {
                    return false;
                }
                for (int i = 0; i < octets; i++)
                {
                    length = (length << 8) | der[at++];
                }
            }
            return length <= der.Length - at;
        }
    }
}
