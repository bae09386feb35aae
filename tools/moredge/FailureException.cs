namespace MoREdge.Cli;

/// <summary>The verb cannot be carried out; the message is one sentence.</summary>
internal sealed class FailureException(string message) : Exception(message);
