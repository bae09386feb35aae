namespace MoREdge.Cli;

/// <summary>The flags do not make sense together, or for this model; the message is one sentence.</summary>
internal sealed class UsageException(string message) : Exception(message);
