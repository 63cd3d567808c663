using System;
using System.ComponentModel;
using System.Net.Sockets;

namespace Culvert.Tls
{
    /// <summary>From what goes wrong in SslStream to the codes of the contract.</summary>
    internal static class TlsFaults
    {
        internal static Failure Explain(Exception error, Wire wire)
        {
            Failure known = error as Failure;
            if (known != null)
            {
                return known;
            }
            if (wire.Records.NotTls)
            {
                return new Failure("ERR_SSL_WRONG_VERSION_NUMBER", "The other end does not speak TLS.");
            }
            byte? alert = wire.Records.Alert;
            string code = alert == null ? null : OfAlert(alert.Value);
            if (code != null)
            {
                return new Failure(code, "The other end refused the connection with alert " + alert + ".");
            }
            int status = StatusOf(error);
            code = OfStatus((uint)status);
            if (code != null)
            {
                return new Failure(code, Reason(error));
            }
            return wire.Ended || IsSocketError(error)
                ? new Failure(Failure.Reset, "The connection ended without a close_notify.")
                : new Failure(Failure.Tls, Reason(error));
        }

        /// <summary>Alerts by their number (RFC 8446, 6), as OpenSSL names them.</summary>
        private static string OfAlert(byte alert)
        {
            switch (alert)
            {
                case 0:
                    return null; // close_notify is none.
                case 40:
                    return "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE";
                case 42:
                    return "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE";
                case 43:
                    return "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE";
                case 44:
                    return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED";
                case 45:
                    return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED";
                case 46:
                    return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN";
                case 48:
                    return "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA";
                case 49:
                    return "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED";
                case 51:
                    return "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR";
                case 70:
                    return "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION";
                case 71:
                    return "ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY";
                case 80:
                    return "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR";
                case 112:
                    return "ERR_SSL_TLSV1_UNRECOGNIZED_NAME";
                case 116:
                    return "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED";
                default:
                    return Failure.Tls;
            }
        }

        /// <summary>
        /// What Schannel says. It gives an encrypted alert (TLS 1.3) one of few codes of its own; Microsoft documents which
        /// ("Schannel Error Codes for TLS and SSL Alerts").
        /// </summary>
        private static string OfStatus(uint status)
        {
            switch (status)
            {
                case 0x80090302: // SEC_E_UNSUPPORTED_FUNCTION
                case 0x80090331: // SEC_E_ALGORITHM_MISMATCH
                    return "ERR_SSL_UNSUPPORTED_PROTOCOL";
                case 0x80090325: // SEC_E_UNTRUSTED_ROOT
                    return "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA";
                case 0x80090327: // SEC_E_CERT_UNKNOWN
                    return "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE";
                case 0x80090328: // SEC_E_CERT_EXPIRED
                    return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED";
                case 0x80092010: // CRYPT_E_REVOKED
                    return "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED";
                case 0x8009030C: // SEC_E_LOGON_DENIED
                    return "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED";
                case 0x8009030D: // SEC_E_UNKNOWN_CREDENTIALS
                case 0x8009030E: // SEC_E_NO_CREDENTIALS
                case 0x800704C7: // ERROR_CANCELLED
                    return Failure.KeyRefused;
                default:
                    return IsOfKeyOrCard(status) ? Failure.KeyRefused : null;
            }
        }

        /// <summary>NTE_* come from providers of keys, SCARD_* from smart cards: a wrong PIN, a card that is gone.</summary>
        private static bool IsOfKeyOrCard(uint status)
        {
            return (status >= 0x80090001 && status <= 0x800900FF) || (status >= 0x80100001 && status <= 0x801000FF);
        }

        private static int StatusOf(Exception error)
        {
            for (Exception at = error; at != null; at = at.InnerException)
            {
                Win32Exception found = at as Win32Exception;
                if (found != null && !(at is SocketException))
                {
                    return found.NativeErrorCode;
                }
            }
            return 0;
        }

        private static bool IsSocketError(Exception error)
        {
            for (Exception at = error; at != null; at = at.InnerException)
            {
                if (at is SocketException || at is ObjectDisposedException)
                {
                    return true;
                }
            }
            return false;
        }

        private static string Reason(Exception error)
        {
            Exception last = error;
            while (last.InnerException != null)
            {
                last = last.InnerException;
            }
            return last.Message;
        }
    }
}
