using System;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Culvert.Tls
{
    internal enum KeyKind
    {
        /// <summary>There is none, or this user may not use it.</summary>
        None,

        /// <summary>It can be used where it is.</summary>
        Stays,

        /// <summary>It can leave the store.</summary>
        Exportable,
    }

    /// <summary>
    /// What can be done with the private key of a certificate, without a question to the user. Only the providers of Windows that
    /// keep keys on this computer are asked at all, and silently: a smart card is left alone, since its keys stay in any case.
    /// What cannot be found out counts as a key that stays, because Windows can make a handshake with every key that it can use.
    /// </summary>
    internal static class PrivateKeys
    {
        private static readonly string[] LocalProviders =
        {
            "Microsoft Software Key Storage Provider",
            "Microsoft Platform Crypto Provider",
            "Microsoft Enhanced RSA and AES Cryptographic Provider",
            "Microsoft Enhanced RSA and AES Cryptographic Provider (Prototype)",
            "Microsoft Enhanced Cryptographic Provider v1.0",
            "Microsoft Strong Cryptographic Provider",
            "Microsoft Base Cryptographic Provider v1.0",
            "Microsoft RSA SChannel Cryptographic Provider",
        };

        internal static KeyKind KindOf(X509Certificate2 certificate)
        {
            if (!certificate.HasPrivateKey)
            {
                return KeyKind.None;
            }
            try
            {
                return Array.IndexOf(LocalProviders, ProviderOf(certificate.Handle)) < 0 ? KeyKind.Stays : Ask(certificate.Handle);
            }
            catch (DllNotFoundException)
            {
                return KeyKind.Stays;
            }
            finally
            {
                // The handle does not keep it alive.
                GC.KeepAlive(certificate);
            }
        }

        /// <returns>Name of the provider that keeps the key, "" where Windows does not say.</returns>
        private static string ProviderOf(IntPtr context)
        {
            int size = 0;
            if (!Native.CertGetCertificateContextProperty(context, Native.KeyProviderInfo, IntPtr.Zero, ref size) ||
                size < 2 * IntPtr.Size)
            {
                return "";
            }
            IntPtr buffer = Marshal.AllocHGlobal(size);
            try
            {
                if (!Native.CertGetCertificateContextProperty(context, Native.KeyProviderInfo, buffer, ref size))
                {
                    return "";
                }
                // CRYPT_KEY_PROV_INFO begins with two pointers into this buffer: name of the key, name of the provider.
                IntPtr name = Marshal.ReadIntPtr(buffer, IntPtr.Size);
                return name == IntPtr.Zero ? "" : Marshal.PtrToStringUni(name);
            }
            finally
            {
                Marshal.FreeHGlobal(buffer);
            }
        }

        private static KeyKind Ask(IntPtr context)
        {
            IntPtr key;
            uint keySpec;
            bool owned;
            if (!Native.CryptAcquireCertificatePrivateKey(
                context, Native.AcquireSilently | Native.AllowKeysOfCng, IntPtr.Zero, out key, out keySpec, out owned))
            {
                return IsOutOfReach(Marshal.GetLastWin32Error()) ? KeyKind.None : KeyKind.Stays;
            }
            try
            {
                return MayLeave(key, keySpec) ? KeyKind.Exportable : KeyKind.Stays;
            }
            finally
            {
                if (owned && keySpec == Native.KeyOfCng)
                {
                    Native.NCryptFreeObject(key);
                }
                else if (owned)
                {
                    Native.CryptReleaseContext(key, 0);
                }
            }
        }

        private static bool MayLeave(IntPtr key, uint keySpec)
        {
            int value;
            int size = sizeof(int);
            if (keySpec == Native.KeyOfCng)
            {
                int written;
                int status = Native.NCryptGetProperty(key, "Export Policy", out value, size, out written, Native.Silently);
                return status == 0 && written == size && (value & Native.PolicyAllowsExport) != 0;
            }
            IntPtr handle;
            if (!Native.CryptGetUserKey(key, keySpec, out handle))
            {
                return false;
            }
            try
            {
                return Native.CryptGetKeyParam(handle, Native.Permissions, out value, ref size, 0) &&
                    (value & Native.PermissionToExport) != 0;
            }
            finally
            {
                Native.CryptDestroyKey(handle);
            }
        }

        /// <summary>Keys of the computer that only its administrators may use are common, and no use to anybody else.</summary>
        private static bool IsOutOfReach(int error)
        {
            switch ((uint)error)
            {
                case 0x80070005: // E_ACCESSDENIED
                case 0x80090010: // NTE_PERM
                case 0x8009000D: // NTE_NO_KEY
                case 0x80090011: // NTE_NOT_FOUND
                case 0x80090016: // NTE_BAD_KEYSET
                    return true;
                default:
                    return false;
            }
        }

        private static class Native
        {
            internal const int KeyProviderInfo = 2;
            internal const uint AcquireSilently = 0x40;
            internal const uint AllowKeysOfCng = 0x10000;
            internal const uint KeyOfCng = 0xFFFFFFFF;
            internal const int Silently = 0x40;
            internal const int PolicyAllowsExport = 0x1 | 0x2;
            internal const int Permissions = 6;
            internal const int PermissionToExport = 0x4;

            [DllImport("crypt32.dll", SetLastError = true, ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CertGetCertificateContextProperty(IntPtr context, int property, IntPtr data, ref int size);

            [DllImport("crypt32.dll", SetLastError = true, ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CryptAcquireCertificatePrivateKey(
                IntPtr context,
                uint flags,
                IntPtr parameters,
                out IntPtr key,
                out uint keySpec,
                [MarshalAs(UnmanagedType.Bool)] out bool callerFrees);

            [DllImport("ncrypt.dll", ExactSpelling = true)]
            internal static extern int NCryptGetProperty(
                IntPtr key, [MarshalAs(UnmanagedType.LPWStr)] string property, out int value, int size, out int written, int flags);

            [DllImport("ncrypt.dll", ExactSpelling = true)]
            internal static extern int NCryptFreeObject(IntPtr key);

            [DllImport("advapi32.dll", SetLastError = true, ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CryptGetUserKey(IntPtr provider, uint keySpec, out IntPtr key);

            [DllImport("advapi32.dll", SetLastError = true, ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CryptGetKeyParam(IntPtr key, int parameter, out int value, ref int size, int flags);

            [DllImport("advapi32.dll", ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CryptDestroyKey(IntPtr key);

            [DllImport("advapi32.dll", ExactSpelling = true)]
            [return: MarshalAs(UnmanagedType.Bool)]
            internal static extern bool CryptReleaseContext(IntPtr provider, int flags);
        }
    }
}
