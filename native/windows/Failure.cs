using System;
using System.Collections.Generic;

namespace Culvert.Tls
{
    /// <summary>What ends the program with an error event. The codes are those of the contract in native/README.md.</summary>
    internal sealed class Failure : Exception
    {
        internal const string NoSuchCertificate = "CULVERT_NO_SUCH_CERTIFICATE";
        internal const string KeyRefused = "CULVERT_KEY_REFUSED";
        internal const string Store = "CULVERT_STORE";
        internal const string Tls = "CULVERT_TLS";
        internal const string Reset = "ECONNRESET";

        internal Failure(string code, string message)
            : this(code, message, null)
        {
        }

        /// <param name="chain">The server's certificates, leaf first, where they are at fault.</param>
        internal Failure(string code, string message, IList<byte[]> chain)
            : base(message)
        {
            Code = code;
            Chain = chain;
        }

        internal string Code { get; private set; }

        internal IList<byte[]> Chain { get; private set; }
    }

    /// <summary>The program was called in a way the contract does not know. Exit code 2.</summary>
    internal sealed class UsageException : Exception
    {
        internal UsageException(string message)
            : base(message)
        {
        }
    }
}
