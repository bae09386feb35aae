using MoREdge.Model;
using MoREdge.Quantization;

namespace MoREdge.Cli;

/// <summary>
/// Scores a text window by window: each window starts an empty sequence, and every token of it but the first is
/// predicted from those before it. With a reference model both run on the same windows in turn, and only the logits of
/// a piece are kept.
/// </summary>
internal sealed class TextScorer
{
    /// <summary>Tokens whose reference logits are kept at a time, where the routing lets a window be cut.</summary>
    private const int PieceTokens = 64;

    private readonly Sequence _sequence;
    private readonly Sequence? _reference;
    private readonly int _pieceMax;
    private float[][] _kept = [];

    /// <param name="sequence">The model's sequence.</param>
    /// <param name="reference">The reference's sequence, or null.</param>
    public TextScorer(Sequence sequence, Sequence? reference)
    {
        _sequence = sequence;
        _reference = reference;
        _pieceMax = reference is null || ComparesTokens(sequence) || ComparesTokens(reference)
            ? sequence.ContextLength
            : PieceTokens;
    }

    /// <summary>The figures so far.</summary>
    public TextQuality Quality { get; } = new();

    /// <summary>Scores one window, its first token excepted.</summary>
    /// <param name="window">At least two ids, at most the context.</param>
    /// <param name="cancellation">Stops between layers.</param>
    /// <exception cref="FailureException">A model gave a logit that is no finite number.</exception>
    public void Score(int[] window, CancellationToken cancellation)
    {
        _sequence.Truncate(0);
        _reference?.Truncate(0);

        // Nothing follows the last token in the window, so it need not be run.
        int count = window.Length - 1;
        for (int start = 0; start < count; start += _pieceMax)
        {
            ScorePiece(window, start, Math.Min(_pieceMax, count - start), cancellation);
        }

        RefuseDamage(Quality.NegativeLogLikelihood, "model");
        RefuseDamage(Quality.ReferenceNegativeLogLikelihood, "reference");
    }

    /// <summary>Once a figure is not finite, no later token changes it.</summary>
    private static void RefuseDamage(RunningMean nll, string which)
    {
        if (!double.IsFinite(nll.Mean))
        {
            throw new FailureException(
                $"The {which} produced a value that is not a finite number; its file is damaged or converted wrongly.");
        }
    }

    /// <summary>Top-k routing compares all tokens of a prompt, so a window cannot be cut.</summary>
    private static bool ComparesTokens(Sequence sequence) =>
        sequence.Routing is RoutingMode.TopK or RoutingMode.TopKThreshold;

    private void ScorePiece(int[] window, int start, int count, CancellationToken cancellation)
    {
        ReadOnlySpan<int> piece = window.AsSpan(start, count);
        if (_reference is null)
        {
            _sequence.Score(
                piece, (position, logits) => Quality.Add(logits, window[position + 1]), default, cancellation);
            return;
        }

        _reference.Score(
            piece,
            (position, logits) => logits.CopyTo(Kept(position - start, logits.Length)),
            default,
            cancellation);
        _sequence.Score(
            piece,
            (position, logits) => Quality.Add(logits, _kept[position - start], window[position + 1]),
            default,
            cancellation);
    }

    private float[] Kept(int row, int length)
    {
        if (row >= _kept.Length)
        {
            Array.Resize(ref _kept, Math.Max(PieceTokens, Math.Min(_pieceMax, 2 * (row + 1))));
        }

        return _kept[row] ??= new float[length];
    }
}
