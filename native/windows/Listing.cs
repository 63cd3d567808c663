using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Culvert.Tls
{
    /// <summary>The commands `list` and `export`.</summary>
    internal static class Listing
    {
        private const int Most = 5000;

        internal static void List(Stream output)
        {
            // The stores of the user show those of the computer as well. A copy without a key says nothing new.
            Dictionary<string, bool> seen = new Dictionary<string, bool>();
            foreach (StoreEntry entry in Stores.All())
            {
                string der = Convert.ToBase64String(entry.Certificate.RawData);
                KeyKind key = PrivateKeys.KindOf(entry.Certificate);
                bool hadKey;
                bool known = seen.TryGetValue(der, out hadKey);
                if (known && (hadKey || key == KeyKind.None))
                {
                    continue;
                }
                if (seen.Count == Most)
                {
                    throw new Failure(Failure.Store, "The certificate stores hold more than " + Most + " certificates.");
                }
                seen[der] = key != KeyKind.None;
                ListedCertificate line = new ListedCertificate();
                line.Id = entry.Id;
                line.Der = der;
                line.Key = key == KeyKind.None ? "none" : key == KeyKind.Stays ? "stays" : "exportable";
                line.Where = entry.Where;
                Json.Write(output, line);
            }
            ListEnd end = new ListEnd();
            end.End = true;
            Json.Write(output, end);
        }

        /// <exception cref="Failure">CULVERT_KEY_REFUSED, and those of Stores.WithKey.</exception>
        internal static void Export(string id, string passphrase, Stream output)
        {
            if (string.IsNullOrEmpty(passphrase))
            {
                throw new UsageException("The passphrase is empty.");
            }
            byte[] pkcs12;
            try
            {
                pkcs12 = Stores.WithKey(id).Export(X509ContentType.Pkcs12, passphrase);
            }
            catch (CryptographicException e)
            {
                throw new Failure(Failure.KeyRefused, "Windows does not give the private key: " + e.Message);
            }
            output.Write(pkcs12, 0, pkcs12.Length);
            output.Flush();
        }
    }
}
