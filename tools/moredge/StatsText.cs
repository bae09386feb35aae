using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>Generation statistics in words.</summary>
internal static class StatsText
{
    /// <summary>Several lines without a final line break.</summary>
    public static string Format(LocalModel model, GenerationSession session, GenerationStats stats)
    {
        string depth = model.Network.Config.Recursion is { } recursion
            ? $"\ndepth    mean {stats.MeanDepth:F2} of {recursion.RecursionCount} recursions "
                + $"(decode {stats.MeanDecodeDepth:F2}); tokens by depth 0…{recursion.RecursionCount}: "
                + string.Join(" ", stats.DepthHistogram)
            : "";
        string drafts = stats.Speculation.Drafted > 0
            ? $"\ndrafts   {stats.Speculation.Accepted} of {stats.Speculation.Drafted} were right "
                + $"({100 * stats.Speculation.AcceptanceRate:F0} %)"
            : "";
        if (stats.Speculation.SecondDrafted > 0)
        {
            drafts += $", of the draft head {stats.Speculation.SecondKept} of {stats.Speculation.SecondDrafted}";
        }

        string memory = $"{ByteText.Format(Machine.ResidentBytes)} resident; "
            + $"file {ByteText.Format(model.File.FileBytes)}, keys and values {ByteText.Format(stats.KvBytes)}, "
            + $"buffers {ByteText.Format(session.Sequence.WorkspaceBytes)}";
        return $"prompt   {Speed(stats.PromptTokens, stats.PromptSeconds, stats.PromptTokensPerSecond)}\n"
            + $"decode   {Speed(stats.DecodedTokens, stats.DecodeSeconds, stats.DecodeTokensPerSecond)}, "
            + $"{ByteText.Format(stats.WeightBytesPerToken)} of weights per token{depth}{drafts}\n"
            + $"memory   {memory}\n"
            + $"run      kernels {model.Network.Kernels.Name}, {model.Network.ThreadCount} threads, "
            + $"seed {session.Seed}, stopped by {Reason(stats.StopReason)}";
    }

    private static string Speed(int tokens, double seconds, double perSecond) =>
        $"{tokens} tokens in {seconds:F2} s = {perSecond:F1} tok/s";

    private static string Reason(StopReason reason) => reason switch
    {
        StopReason.EndOfSequence => "the model's end token",
        StopReason.TokenLimit => "the token limit (-n)",
        StopReason.StopString => "a stop string",
        StopReason.ContextFull => "a full context (--context)",
        _ => "Ctrl-C",
    };
}
