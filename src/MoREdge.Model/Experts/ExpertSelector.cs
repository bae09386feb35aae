using System.Diagnostics;
using MoREdge.Kernels;

namespace MoREdge.Model.Experts;

/// <summary>
/// Router logits of a token → its experts and their weights. The rule is data (<see cref="ExpertConfig"/>): Mixtral
/// (arXiv:2401.04088, section 2.1), Qwen, OLMoE (arXiv:2409.02060), Granite and, with groups, DeepSeek-V3
/// (arXiv:2412.19437, section 2.1.2) differ in the order of softmax and choice and in what is divided by the sum.
/// </summary>
internal sealed class ExpertSelector(ExpertConfig config)
{
    private readonly float[] _scores = new float[config.ChoiceCount];
    private readonly float[] _ranks = new float[config.ChoiceCount];
    private readonly float[] _groupRanks = new float[config.GroupCount];

    /// <summary>Chooses the experts of one token.</summary>
    /// <param name="logits">Router logits (ChoiceCount).</param>
    /// <param name="choiceBias">Added to the scores for the choice alone (ChoiceCount), or empty.</param>
    /// <param name="chosen">The experts (UsedCount), best first; of equal ones the lower index comes first.</param>
    /// <param name="weights">Their weights (UsedCount).</param>
    public void Choose(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> choiceBias, Span<int> chosen, Span<float> weights)
    {
        Debug.Assert(logits.Length == config.ChoiceCount && chosen.Length == config.UsedCount, "A logit per expert.");
        logits.CopyTo(_scores);
        switch (config.Gate)
        {
            case ExpertGate.Softmax:
                Softmax(_scores);
                break;
            case ExpertGate.Sigmoid:
                foreach (ref float score in _scores.AsSpan())
                {
                    score = KernelSet.Sigmoid(score);
                }

                break;
        }

        // Logits rank as their softmax does, but for scores so small that they round to the same.
        bool byLogit = choiceBias.IsEmpty && config.Gate != ExpertGate.Sigmoid;
        for (int i = 0; i < _ranks.Length; i++)
        {
            _ranks[i] = byLogit ? logits[i] : choiceBias.IsEmpty ? _scores[i] : _scores[i] + choiceBias[i];
        }

        if (config.GroupUsedCount < config.GroupCount)
        {
            LeaveGroupsOut();
        }

        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = Largest(_ranks);
            weights[i] = _scores[chosen[i]];
            _ranks[chosen[i]] = float.NegativeInfinity;
        }

        Scale(weights);
    }

    private void Scale(Span<float> weights)
    {
        if (config.Gate == ExpertGate.SoftmaxOfChosen)
        {
            Softmax(weights);
        }

        float sum = 0;
        foreach (float weight in weights)
        {
            sum += weight;
        }

        float divisor = config.NormalizesWeights ? MathF.Max(sum + config.SumEpsilon, float.Epsilon) : 1;
        float factor = config.WeightScale / divisor;
        foreach (ref float weight in weights)
        {
            weight *= factor;
        }
    }

    /// <summary>A group ranks by its two best experts; the experts of the others cannot be chosen.</summary>
    private void LeaveGroupsOut()
    {
        int size = config.ChoiceCount / config.GroupCount;
        for (int group = 0; group < config.GroupCount; group++)
        {
            (float best, float second) = (float.NegativeInfinity, float.NegativeInfinity);
            foreach (float rank in _ranks.AsSpan(group * size, size))
            {
                second = MathF.Max(second, MathF.Min(best, rank));
                best = MathF.Max(best, rank);
            }

            _groupRanks[group] = size == 1 ? best : best + second;
        }

        for (int used = 0; used < config.GroupUsedCount; used++)
        {
            _groupRanks[Largest(_groupRanks)] = float.NaN;
        }

        for (int group = 0; group < config.GroupCount; group++)
        {
            if (!float.IsNaN(_groupRanks[group]))
            {
                _ranks.AsSpan(group * size, size).Fill(float.NegativeInfinity);
            }
        }
    }

    /// <summary>Index of the largest value, the first of equal ones; NaN counts as less than anything.</summary>
    private static int Largest(ReadOnlySpan<float> values)
    {
        int best = -1;
        for (int i = 0; i < values.Length; i++)
        {
            bool isBetter = best < 0 ? !float.IsNaN(values[i]) : values[i] > values[best];
            best = isBetter ? i : best;
        }

        return Math.Max(best, 0);
    }

    /// <summary>The same on every kernel set, whose own differ in the last bits: they must not move a choice.</summary>
    private static void Softmax(Span<float> x)
    {
        float max = float.NegativeInfinity;
        foreach (float value in x)
        {
            max = MathF.Max(max, value);
        }

        double sum = 0;
        foreach (ref float value in x)
        {
            value = MathF.Exp(value - max);
            sum += value;
        }

        foreach (ref float value in x)
        {
            value = (float)(value / sum);
        }
    }
}
