namespace MoREdge.Cli;

/// <summary>The flags do not make sense together, or for this model; the message is one sentence.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The verb cannot be carried out; the message is one sentence.</summary>
internal sealed class FailureException(string message) : Exception(message);
