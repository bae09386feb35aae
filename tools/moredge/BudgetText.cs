using System.Globalization;
using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>What a budget of speed did to the depth of the tokens, and what that costs, in words.</summary>
internal static class BudgetText
{
    /// <summary>Tokens of the report text that are scored: about a second on a small board.</summary>
    private const int ReportTokensMax = 256;

    /// <summary>Two lines without a final line break.</summary>
    public static string Format(
        LocalModel model, GenerationSession session, GenerationStats stats, CancellationToken cancellation)
    {
        DepthBudget budget = session.Budget!;
        string reached = stats.DecodeTokensPerSecond >= budget.TokensPerSecond
            ? ""
            : stats.MeanDecodeDepth <= 1 ? ", less than asked for even at depth 1" : ", less than asked for so far";
        string first = string.Create(
            CultureInfo.InvariantCulture,
            $"budget   {budget.TokensPerSecond:G7} tok/s asked for, {stats.DecodeTokensPerSecond:F1} reached"
            + $"{reached}; mean depth {stats.MeanDecodeDepth:F2}, router bias {session.Sequence.DepthBias:F3}");
        return first + "\ncost     " + Cost(model, session.Sequence, cancellation);
    }

    private static string Cost(LocalModel model, Sequence sequence, CancellationToken cancellation)
    {
        string text = model.File.Metadata.GetString(MetadataKeys.ReportText, "");
        // The first tokens are all that counts; what a hostile file brings behind them is not even read.
        text = text[..Math.Min(text.Length, Checkpoint.ReportTextBytesMax)];
        Tokenizer tokenizer = model.Tokenizer;
        int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial: true);
        int size = Math.Min(ReportTokensMax, sequence.ContextLength);
        bool hasBegin = tokenizer.Definition.AddBos && tokenizer.Definition.BosId >= 0;
        TextWindows windows = new(ids, Math.Max(size, 2), hasBegin ? tokenizer.Definition.BosId : -1);
        if (windows.Count == 0)
        {
            return "not known: the model file brings no report text to measure it on";
        }

        SequenceOptions options = sequence.Options with
        {
            ContextLength = size,
            DepthMax = sequence.DepthMax,
            Speculation = SpeculationMode.Off,
        };
        using Sequence budgeted = model.Network.CreateSequence(options);
        using Sequence free = model.Network.CreateSequence(options);
        budgeted.DepthBias = sequence.DepthBias;
        TextScorer scorer = new(budgeted, free);
        scorer.Score(windows[0], cancellation);
        double before = scorer.Quality.ReferenceNegativeLogLikelihood.Mean;
        double after = scorer.Quality.NegativeLogLikelihood.Mean;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{after - before:+0.000;-0.000} nats per token on the report text ({before:F3} at depth "
            + $"{free.Depths.Mean:F2}, {after:F3} at {budgeted.Depths.Mean:F2})");
    }
}
