using System;
using System.Net;
using System.Runtime.Serialization;

namespace Culvert.Tls
{
    /// <summary>First line of `list`. What only other platforms use is not read.</summary>
    [DataContract]
    internal sealed class ListRequest
    {
    }

    /// <summary>First line of `export`.</summary>
    [DataContract]
    internal sealed class ExportRequest
    {
        [DataMember(Name = "passphrase", IsRequired = true)]
        internal string Passphrase { get; set; }
    }

    /// <summary>First line of `connect`.</summary>
    [DataContract]
    internal sealed class ConnectRequest
    {
        [DataMember(Name = "id", IsRequired = true)]
        internal string Id { get; set; }

        [DataMember(Name = "host", IsRequired = true)]
        internal string Host { get; set; }

        [DataMember(Name = "sni")]
        internal string Sni { get; set; }

        [DataMember(Name = "verify", IsRequired = true)]
        internal bool Verify { get; set; }

        [DataMember(Name = "roots", IsRequired = true)]
        internal string[] Roots { get; set; }

        [DataMember(Name = "via", IsRequired = true)]
        internal int Via { get; set; }

        /// <exception cref="UsageException">A member is null or out of its range.</exception>
        internal void Check()
        {
            if (string.IsNullOrEmpty(Id) || string.IsNullOrEmpty(Host) || Roots == null || Array.IndexOf(Roots, null) >= 0 ||
                Via < IPEndPoint.MinPort + 1 || Via > IPEndPoint.MaxPort)
            {
                throw new UsageException("The first line lacks something that this command needs.");
            }
        }
    }

    /// <summary>A line of `list`.</summary>
    [DataContract]
    internal sealed class ListedCertificate
    {
        [DataMember(Name = "id", Order = 0)]
        internal string Id { get; set; }

        [DataMember(Name = "der", Order = 1)]
        internal string Der { get; set; }

        [DataMember(Name = "key", Order = 2)]
        internal string Key { get; set; }

        [DataMember(Name = "where", Order = 3)]
        internal string Where { get; set; }
    }

    /// <summary>The last line of `list`.</summary>
    [DataContract]
    internal sealed class ListEnd
    {
        [DataMember(Name = "end")]
        internal bool End { get; set; }
    }

    [DataContract]
    internal sealed class ConnectedEvent
    {
        [DataMember(Name = "event", Order = 0)]
        internal string Event { get; set; }

        [DataMember(Name = "port", Order = 1)]
        internal int Port { get; set; }
    }

    [DataContract]
    internal sealed class ReadyEvent
    {
        [DataMember(Name = "event", Order = 0)]
        internal string Event { get; set; }

        [DataMember(Name = "alpn", Order = 1)]
        internal string Alpn { get; set; }

        [DataMember(Name = "protocol", Order = 2)]
        internal string Protocol { get; set; }
    }

    [DataContract]
    internal sealed class EndEvent
    {
        [DataMember(Name = "event", Order = 0)]
        internal string Event { get; set; }
    }

    [DataContract]
    internal sealed class ErrorEvent
    {
        [DataMember(Name = "event", Order = 0)]
        internal string Event { get; set; }

        [DataMember(Name = "code", Order = 1)]
        internal string Code { get; set; }

        [DataMember(Name = "message", Order = 2)]
        internal string Message { get; set; }

        [DataMember(Name = "chain", Order = 3, EmitDefaultValue = false)]
        internal string[] Chain { get; set; }
    }
}
