using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>Generation statistics in words.</summary>
internal static class StatsText
{
    /// <summary>Several lines without a final line break.</summary>
    public static string Format(LocalModel model, GenerationSession session, GenerationStats stats)
    {
        string depth = model.Network.Config.Recursion is { } recursion
            ? $"\ndepth    mean {stats.MeanDepth:F2} of {recursion.RecursionCount} recursions (decode {stats.MeanDecodeDepth:F2}); tokens by "
                + $"depth 0…{recursion.RecursionCount}: {string.Join(" ", stats.DepthHistogram)}"
            : "";
        return $"prompt   {stats.PromptTokens} tokens in {stats.PromptSeconds:F2} s = {stats.PromptTokensPerSecond:F1} tok/s\n"
            + $"decode   {stats.DecodedTokens} tokens in {stats.DecodeSeconds:F2} s = {stats.DecodeTokensPerSecond:F1} tok/s, "
            + $"{ByteText.Format(stats.WeightBytesPerToken)} of weights per token"
            + depth
            + $"\nmemory   {ByteText.Format(Environment.WorkingSet)} resident; file {ByteText.Format(model.File.FileBytes)}, "
            + $"keys and values {ByteText.Format(stats.KvBytes)}, buffers {ByteText.Format(session.Sequence.WorkspaceBytes)}\n"
            + $"run      kernels {model.Network.Kernels.Name}, {model.Network.ThreadCount} threads, seed {session.Seed}, "
            + $"stopped by {Reason(stats.StopReason)}";
    }

    private static string Reason(StopReason reason) => reason switch
    {
        StopReason.EndOfSequence => "the model's end token",
        StopReason.TokenLimit => "the token limit (-n)",
        StopReason.StopString => "a stop string",
        StopReason.ContextFull => "a full context (--context)",
        _ => "Ctrl-C",
    };
}
