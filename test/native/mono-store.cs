using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mono.Security.Cryptography;

namespace Culvert.Tls.Tests
{
    /// <summary>
    /// Puts what stdin holds into a store of the current user, as Mono keeps it: `mono-store.exe My PASSPHRASE` takes PKCS#12 with an
    /// RSA key, `mono-store.exe CA -` and `mono-store.exe Root -` a certificate.
    /// </summary>
    internal static class MonoStore
    {
        internal static void Main(string[] arguments)
        {
            byte[] bytes;
            using (MemoryStream input = new MemoryStream())
            {
                Console.OpenStandardInput().CopyTo(input);
                bytes = input.ToArray();
            }
            X509Certificate2 certificate = arguments[1] == "-"
                ? new X509Certificate2(bytes)
                : new X509Certificate2(bytes, arguments[1], X509KeyStorageFlags.Exportable);
            X509Store store = new X509Store(arguments[0], StoreLocation.CurrentUser);
            store.Open(OpenFlags.ReadWrite);
            store.Add(certificate);
            store.Close();
            if (certificate.HasPrivateKey)
            {
                KeepKey(certificate);
            }
        }

        /// <summary>X509Store.Add leaves the key behind: Mono looks for it under the hash of the certificate.</summary>
        private static void KeepKey(X509Certificate2 certificate)
        {
            CspParameters container = new CspParameters();
            container.KeyContainerName = CryptoConvert.ToHex(new Mono.Security.X509.X509Certificate(certificate.RawData).Hash);
            new KeyPairPersistence(container, certificate.GetRSAPrivateKey().ToXmlString(true)).Save();
        }
    }
}
