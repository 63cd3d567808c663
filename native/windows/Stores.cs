using System;
using System.Collections.Generic;
using System.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Culvert.Tls
{
    /// <summary>A certificate of a store.</summary>
    internal sealed class StoreEntry
    {
        internal StoreEntry(X509Certificate2 certificate, string where)
        {
            Certificate = certificate;
            Where = where;
        }

        internal X509Certificate2 Certificate { get; private set; }

        /// <summary>The store as Windows names it, for example `CurrentUser\My`.</summary>
        internal string Where { get; private set; }

        /// <summary>Stays the same while the certificate is in that store.</summary>
        internal string Id
        {
            get
            {
                using (SHA256 sha256 = SHA256.Create())
                {
                    string hash = BitConverter.ToString(sha256.ComputeHash(Certificate.RawData)).Replace("-", "");
                    return Where.Replace('\\', '/') + "/" + hash.ToLowerInvariant();
                }
            }
        }
    }

    /// <summary>The system's stores: those of the user come before those of the computer.</summary>
    internal static class Stores
    {
        private static readonly StoreLocation[] Locations = { StoreLocation.CurrentUser, StoreLocation.LocalMachine };

        /// <exception cref="Failure">CULVERT_STORE.</exception>
        internal static IEnumerable<StoreEntry> All()
        {
            foreach (StoreName name in new[] { StoreName.My, StoreName.CertificateAuthority })
            {
                foreach (StoreEntry entry in Named(name))
                {
                    yield return entry;
                }
            }
        }

        /// <summary>A certificate with its key.</summary>
        /// <exception cref="Failure">CULVERT_STORE, CULVERT_NO_SUCH_CERTIFICATE, CULVERT_KEY_REFUSED.</exception>
        internal static X509Certificate2 WithKey(string id)
        {
            foreach (StoreEntry entry in Named(StoreName.My))
            {
                if (entry.Id != id)
                {
                    continue;
                }
                if (!entry.Certificate.HasPrivateKey)
                {
                    throw new Failure(Failure.KeyRefused, "The store has no private key for this certificate.");
                }
                return entry.Certificate;
            }
            throw new Failure(Failure.NoSuchCertificate, "The certificate is not in the store any more.");
        }

        private static IEnumerable<StoreEntry> Named(StoreName name)
        {
            foreach (StoreLocation location in Locations)
            {
                string where = location + "\\" + (name == StoreName.My ? "My" : "CA");
                foreach (X509Certificate2 certificate in Read(name, location, where))
                {
                    yield return new StoreEntry(certificate, where);
                }
            }
        }

        private static X509Certificate2Collection Read(StoreName name, StoreLocation location, string where)
        {
            X509Store store = new X509Store(name, location);
            try
            {
                store.Open(OpenFlags.ReadOnly);
                return new X509Certificate2Collection(store.Certificates);
            }
            catch (Exception e)
            {
                if (e is CryptographicException || e is SecurityException)
                {
                    throw new Failure(Failure.Store, "The certificate store " + where + " cannot be opened: " + e.Message);
                }
                throw;
            }
            finally
            {
                store.Close();
            }
        }
    }
}
