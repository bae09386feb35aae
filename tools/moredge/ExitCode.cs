namespace MoREdge.Cli;

/// <summary>The documented exit codes.</summary>
internal static class ExitCode
{
    /// <summary>The verb did what was asked.</summary>
    public const int Success = 0;

    /// <summary>A bad file, no memory, a full disk, an interruption: one sentence is on standard error.</summary>
    public const int Failure = 1;

    /// <summary>A wrong flag or combination of flags: one sentence is on standard error.</summary>
    public const int Usage = 2;
}
