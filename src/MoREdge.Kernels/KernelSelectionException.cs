namespace MoREdge.Kernels;

/// <summary>A kernel set was asked for by name that does not exist or that this machine cannot run.</summary>
/// <param name="error">Which of the two.</param>
/// <param name="message">One sentence that lists what is supported.</param>
public sealed class KernelSelectionException(KernelSelectionError error, string message) : Exception(message)
{
    /// <summary>What is wrong with the name.</summary>
    public KernelSelectionError Error { get; } = error;
}

/// <summary>Why a kernel set name was refused.</summary>
public enum KernelSelectionError
{
    /// <summary>No kernel set has this name.</summary>
    UnknownName = 1,

    /// <summary>The set exists, but this processor or this build lacks its instructions.</summary>
    NotSupported = 2,
}
