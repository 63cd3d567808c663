using System;
using System.Security.Cryptography.X509Certificates;

namespace Culvert.Tls
{
    /// <summary>From what X509Chain says to the codes of Node and OpenSSL.</summary>
    internal static class ChainFaults
    {
        /// <summary>Nobody may have answered: that is no reason to turn a server down.</summary>
        private const X509ChainStatusFlags Tolerated =
            X509ChainStatusFlags.NoError | X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;

        /// <param name="anchored">The chain ends at a certificate that the user trusts.</param>
        /// <returns>The code of the first fault in the order in which OpenSSL finds them, null for none.</returns>
        internal static string Worst(X509Chain chain, bool anchored)
        {
            int depth = chain.ChainElements.Count;
            X509ChainStatusFlags faults = X509ChainStatusFlags.NoError;
            foreach (X509ChainStatus status in chain.ChainStatus)
            {
                faults |= status.Status;
            }
            if (anchored)
            {
                faults &= ~(X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain);
            }
            faults &= ~Tolerated;
            if (depth == 0 || Has(faults, X509ChainStatusFlags.PartialChain))
            {
                return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
            }
            if (Has(faults, X509ChainStatusFlags.UntrustedRoot))
            {
                return depth == 1 ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "SELF_SIGNED_CERT_IN_CHAIN";
            }
            if (Has(faults, X509ChainStatusFlags.NotSignatureValid))
            {
                return "CERT_SIGNATURE_FAILURE";
            }
            if (Has(faults, X509ChainStatusFlags.ExplicitDistrust))
            {
                return "CERT_REJECTED";
            }
            if (Has(faults, X509ChainStatusFlags.Revoked))
            {
                return "CERT_REVOKED";
            }
            if (Has(faults, X509ChainStatusFlags.NotTimeValid))
            {
                return IsEarly(chain) ? "CERT_NOT_YET_VALID" : "CERT_HAS_EXPIRED";
            }
            if (Has(faults, X509ChainStatusFlags.InvalidBasicConstraints))
            {
                return "INVALID_CA";
            }
            if (Has(faults, X509ChainStatusFlags.NotValidForUsage))
            {
                return "INVALID_PURPOSE";
            }
            return faults == X509ChainStatusFlags.NoError ? null : "CERT_UNTRUSTED";
        }

        private static bool Has(X509ChainStatusFlags faults, X509ChainStatusFlags fault)
        {
            return (faults & fault) != 0;
        }

        private static bool IsEarly(X509Chain chain)
        {
            DateTime now = DateTime.Now;
            foreach (X509ChainElement element in chain.ChainElements)
            {
                if (now > element.Certificate.NotAfter)
                {
                    return false;
                }
            }
            return true;
        }
    }
}
