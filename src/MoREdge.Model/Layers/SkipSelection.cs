using MoREdge.Kernels;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// Which rows of a pass run a layer that tokens can skip, and with what weight (Mixture-of-Depths, spec section B.3).
/// </summary>
internal sealed class SkipSelection(KernelSet kernels, ModelConfig config, SequencePlan plan, int rowsMax)
{
    private readonly SkipConfig _skips = config.Skips!;
    private readonly float[] _logits = new float[rowsMax];
    private readonly float[] _sorted = new float[rowsMax];
    private readonly float[] _normed = new float[config.ModelDim];
    private readonly bool[] _isPlain = new bool[rowsMax];
    private readonly int[] _rows = new int[rowsMax];
    private float[] _hidden = [];

    /// <summary>Whether each row runs the layer.</summary>
    public bool[] Chosen { get; } = new bool[rowsMax];

    /// <summary>The weight of each row.</summary>
    public float[] Weights { get; } = new float[rowsMax];

    /// <summary>The chosen rows, ascending.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, ChosenCount);

    /// <summary>Rows that run the layer.</summary>
    public int ChosenCount { get; private set; }

    /// <summary>Whether a row runs it as an ordinary layer, without weights.</summary>
    public bool IsPlain(int row) => _isPlain[row];

    /// <summary>Decides about the rows <paramref name="x"/> (rows, ModelDim) of a pass.</summary>
    public void Choose(in FloatMatrix x, LayerPass pass, LayerWeights layer, SkipWeights router, int block)
    {
        ChosenCount = 0;
        float[]? norm = _skips.Scope == SkipScope.FeedForward ? layer.FfnNorm : layer.AttentionNorm;
        for (int segment = 0; segment < pass.SegmentCount; segment++)
        {
            (int start, int count, Flight flight, _) = pass.Segment(segment);
            for (int row = start; row < start + count; row++)
            {
                _logits[row] = Logit(x.Row(row), _skips.SeesNormed ? norm : null, router);
            }

            SkipRule rule = Rule(flight);
            Select(rule, x, start, count, flight, router, block);
            Weigh(rule, start, count, flight);
            for (int row = start; row < start + count; row++)
            {
                flight.Depths[row - start] += Chosen[row] && rule != SkipRule.Unrouted ? 1 : 0;
                if (Chosen[row])
                {
                    _rows[ChosenCount++] = row;
                }
            }
        }
    }

    private float Logit(Span<float> x, float[]? norm, SkipWeights router)
    {
        if (norm is null)
        {
            return kernels.Dot(x, router.Router) + router.Bias;
        }

        kernels.RmsNorm(x, norm, config.RmsNormEpsilon, _normed);
        return kernels.Dot(_normed, router.Router) + router.Bias;
    }

    /// <summary>As in training for a text's first chunk in the mode topk, else causally.</summary>
    private SkipRule Rule(Flight flight) => plan.Routing switch
    {
        RoutingMode.Full => SkipRule.Always,
        RoutingMode.TopK => flight.Positions[0] == 0 ? _skips.Select : _skips.Decode,
        _ => _skips.Decode == SkipRule.Predictor ? SkipRule.Predictor : SkipRule.Threshold,
    };

    private void Select(
        SkipRule rule, in FloatMatrix x, int start, int count, Flight flight, SkipWeights router, int block)
    {
        Span<bool> chosen = Chosen.AsSpan(start, count);
        ReadOnlySpan<float> logits = _logits.AsSpan(start, count);
        float threshold = (float)_skips.Thresholds[block];
        switch (rule)
        {
            case SkipRule.TopK or SkipRule.TopKStrict:
                SelectLargest(chosen, logits, flight, block, rule == SkipRule.TopKStrict);
                break;
            case SkipRule.Threshold:
                for (int i = 0; i < count; i++)
                {
                    chosen[i] = logits[i] >= threshold;
                }

                break;
            case SkipRule.SequenceMean:
                chosen.Fill(MeanSigmoid(logits) >= KernelSet.Sigmoid(threshold));
                break;
            case SkipRule.Predictor:
                for (int i = 0; i < count; i++)
                {
                    chosen[i] = Predicted(x.Row(start + i), router) >= 0;
                }

                break;
            default:
                chosen.Fill(true);
                break;
        }

        for (int i = 0; i < count; i++)
        {
            chosen[i] |= !CanSkip(flight, i);
        }
    }

    private bool CanSkip(Flight flight, int row) => _skips.RoutedTokens?.Contains(flight.Ids[row]) != false;

    /// <summary>The k largest logits, of equal ones the first; strictly, those above the k-th.</summary>
    private void SelectLargest(
        Span<bool> chosen, ReadOnlySpan<float> logits, Flight flight, int block, bool isStrict)
    {
        int candidates = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (CanSkip(flight, i))
            {
                _sorted[candidates++] = -logits[i];
            }
        }

        double capacity = _skips.Capacities[block];
        int count = _skips.RoutedTokens is not null
            ? (int)(candidates * capacity)
            : Math.Clamp(Count(capacity, candidates), 1, candidates);
        chosen.Clear();
        if (count == 0)
        {
            return;
        }

        Array.Sort(_sorted, 0, candidates);
        float least = -_sorted[count - 1];
        int left = count;
        for (int i = 0; i < logits.Length; i++)
        {
            bool isAbove = CanSkip(flight, i) && logits[i] > least;
            chosen[i] = isAbove;
            left -= isAbove ? 1 : 0;
        }

        for (int i = 0; i < logits.Length && left > 0 && !(isStrict && count > 1); i++)
        {
            bool isLast = CanSkip(flight, i) && logits[i] == least;
            chosen[i] |= isLast;
            left -= isLast ? 1 : 0;
        }
    }

    private int Count(double capacity, int tokens)
    {
        int relative = (int)(capacity * tokens);
        int absolute = (int)(capacity * config.ContextLength);
        return _skips.Count switch
        {
            SkipCount.Relative => relative,
            SkipCount.Absolute => absolute,
            _ => Math.Min(absolute, relative),
        };
    }

    private void Weigh(SkipRule rule, int start, int count, Flight flight)
    {
        float max = float.NegativeInfinity;
        for (int row = start; row < start + count; row++)
        {
            max = Chosen[row] ? MathF.Max(max, _logits[row]) : max;
        }

        double sum = 0;
        for (int row = start; row < start + count; row++)
        {
            sum += Chosen[row] ? Math.Exp(_logits[row] - max) : 0;
        }

        for (int row = start; row < start + count; row++)
        {
            _isPlain[row] = rule == SkipRule.Unrouted;
            float z = _logits[row];
            float weight = _skips.Score switch
            {
                SkipScore.Raw => z,
                SkipScore.Sigmoid => KernelSet.Sigmoid(z),
                SkipScore.Tanh => 1 + (_skips.TanhScale * MathF.Tanh(z)),
                SkipScore.Binary => 1,
                _ => Chosen[row] ? (float)(Math.Exp(z - max) / sum) : 0,
            };
            Weights[row] = CanSkip(flight, row - start) ? weight : 1;
        }
    }

    private float Predicted(Span<float> x, SkipWeights router)
    {
        if (router.PredictorHidden is not { } hidden)
        {
            return kernels.Dot(x, router.Predictor);
        }

        if (_hidden.Length != hidden.Length)
        {
            _hidden = new float[hidden.Length];
        }

        for (int i = 0; i < hidden.Length; i++)
        {
            float value = kernels.Dot(x, hidden[i]);
            _hidden[i] = value * KernelSet.Sigmoid(value);
        }

        return kernels.Dot(_hidden, router.Predictor);
    }

    private static double MeanSigmoid(ReadOnlySpan<float> logits)
    {
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += KernelSet.Sigmoid(logit);
        }

        return sum / logits.Length;
    }
}
