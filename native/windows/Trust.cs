using System;
using System.Collections.Generic;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Culvert.Tls
{
    /// <summary>Judges the server's certificate: by the system's stores, and by the roots that the user gave besides.</summary>
    internal sealed class Trust
    {
        private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
        private const int LongestChain = 20;

        /// <summary>For each list or answer that Windows fetches to learn what was revoked; without an answer it does not count.</summary>
        private static readonly TimeSpan RevocationLimit = TimeSpan.FromSeconds(3);

        private readonly string host;
        private readonly bool verify;
        private readonly X509Certificate2Collection roots = new X509Certificate2Collection();

        /// <exception cref="UsageException">A root is no certificate.</exception>
        internal Trust(string host, bool verify, IEnumerable<string> roots)
        {
            this.host = host;
            this.verify = verify;
            try
            {
                foreach (string root in roots)
                {
                    this.roots.Add(new X509Certificate2(Convert.FromBase64String(root)));
                }
            }
            catch (Exception e)
            {
                if (e is FormatException || e is CryptographicException || e is ArgumentException)
                {
                    throw new UsageException("A certificate in roots cannot be read.");
                }
                throw;
            }
        }

        /// <summary>Why the server was turned down; null where it was not.</summary>
        internal Failure Failure { get; private set; }

        /// <summary>For SslStream. Is called again when the server renegotiates.</summary>
        internal bool Accepts(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors)
        {
            if (!verify)
            {
                return true;
            }
            if (certificate == null)
            {
                Failure = new Failure(Failure.Tls, "The server showed no certificate.");
                return false;
            }
            X509Certificate2 leaf = new X509Certificate2(certificate.GetRawCertData());
            X509Certificate2Collection sent = SentWith(chain);
            string code = Judge(leaf, sent);
            if (code == null && !HostName.Fits(leaf, host))
            {
                code = "ERR_TLS_CERT_ALTNAME_INVALID";
            }
            Failure = code == null ? null : new Failure(code, "The certificate of the server is not accepted.", Raw(leaf, sent));
            return code == null;
        }

        private static X509Certificate2Collection SentWith(X509Chain chain)
        {
            X509Certificate2Collection sent = new X509Certificate2Collection();
            if (chain != null)
            {
                sent.AddRange(chain.ChainPolicy.ExtraStore);
            }
            return sent;
        }

        private static List<byte[]> Raw(X509Certificate2 leaf, X509Certificate2Collection sent)
        {
            List<byte[]> chain = new List<byte[]>();
            chain.Add(leaf.RawData);
            foreach (X509Certificate2 certificate in sent)
            {
                if (!Bytes.Same(certificate.RawData, leaf.RawData) && chain.Count < LongestChain)
                {
                    chain.Add(certificate.RawData);
                }
            }
            return chain;
        }

        /// <returns>Null where the chain ends at something trusted and nothing is wrong with it.</returns>
        private string Judge(X509Certificate2 leaf, X509Certificate2Collection sent)
        {
            using (X509Chain chain = new X509Chain())
            {
                X509ChainPolicy policy = chain.ChainPolicy;
                policy.ExtraStore.AddRange(sent);
                policy.ExtraStore.AddRange(roots);
                policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
                policy.RevocationMode = X509RevocationMode.Online;
                policy.RevocationFlag = X509RevocationFlag.ExcludeRoot;
                policy.UrlRetrievalTimeout = RevocationLimit;
                chain.Build(leaf);
                X509ChainElementCollection elements = chain.ChainElements;
                // Build() cannot be told what else to trust, so it is looked for here whether the chain ends at one of the roots.
                // Every other fault of the chain counts as ever.
                return ChainFaults.Worst(chain, elements.Count > 0 && IsRoot(elements[elements.Count - 1].Certificate));
            }
        }

        /// <summary>Octet by octet: X509Certificate.Equals takes two of the same issuer and serial number for one.</summary>
        private bool IsRoot(X509Certificate2 certificate)
        {
            foreach (X509Certificate2 root in roots)
            {
                if (Bytes.Same(root.RawData, certificate.RawData))
                {
                    return true;
                }
            }
            return false;
        }
    }
}
