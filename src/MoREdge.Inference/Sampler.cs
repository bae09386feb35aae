using MoREdge.Tensors;

namespace MoREdge.Inference;

/// <summary>Chooses the next token from logits. Its buffers are taken once; choosing allocates nothing.</summary>
public sealed class Sampler
{
    private readonly SamplerOptions _options;
    private readonly int _vocabSize;
    private readonly TopSelection? _selection;

    /// <summary>Logits behind the repeat penalty; empty where there is none.</summary>
    private readonly float[] _penalized;

    /// <summary>What may be chosen, the likeliest first: logits, then probabilities, and their ids.</summary>
    private readonly float[] _probabilities;
    private readonly int[] _ids;
    private readonly int[] _recent;
    private RandomSource _random;
    private int _recentCount;

    /// <summary>Prepares for logits of <paramref name="vocabSize"/> tokens.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or there are no tokens.</exception>
    public Sampler(SamplerOptions options, int vocabSize)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabSize, 1);
        options.Validate();
        _options = options;
        _vocabSize = vocabSize;
        int candidates = options.TopK == 0 ? vocabSize : Math.Min(options.TopK, vocabSize);
        _selection = options.Temperature == 0 ? null : new TopSelection(candidates, vocabSize);
        _penalized = new float[options.RepeatPenalty == 1 ? 0 : vocabSize];
        _probabilities = new float[_selection is null ? 0 : candidates];
        _ids = new int[_probabilities.Length];
        _recent = new int[options.RepeatWindow];
        Seed = options.Seed ?? DrawSeed();
        _random = new RandomSource(Seed);
    }

    /// <summary>The seed in use, so that a run can be repeated.</summary>
    public ulong Seed { get; }

    /// <summary>A seed for a run that was given none.</summary>
    internal static ulong DrawSeed() => (ulong)Random.Shared.NextInt64();

    /// <summary>Remembers a token for the repeat penalty; one of no logit is never chosen anyway.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is below 0.</exception>
    public void Accept(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (_recent.Length > 0)
        {
            _recent[_recentCount % _recent.Length] = id;
            _recentCount++;
        }
    }

    /// <summary>Forgets the remembered tokens.</summary>
    public void Reset() => _recentCount = 0;

    /// <summary>The next token; the lowest id among equals when greedy.</summary>
    /// <param name="logits">(VocabSize), not changed.</param>
    /// <exception cref="ArgumentException">More or fewer logits than the sampler is for.</exception>
    public int Choose(ReadOnlySpan<float> logits)
    {
        if (logits.Length != _vocabSize)
        {
            throw new ArgumentException($"The sampler is for {_vocabSize} logits, not {logits.Length}.");
        }

        ReadOnlySpan<float> penalized = Penalize(logits);
        if (_selection is null)
        {
            return LargestValue.Index(penalized);
        }

        int count = _selection.Select(penalized, _probabilities, _ids);
        if (count == 0)
        {
            return 0;
        }

        if (float.IsPositiveInfinity(_probabilities[0]))
        {
            // Beside an infinite logit nothing is likely, and differences to it are not numbers.
            return _ids[0];
        }

        ToProbabilities(count);
        count = KeepTopP(count);
        count = KeepMinP(count);
        return Draw(count);
    }

    /// <summary>Each recent token is penalized once, however often it occurred.</summary>
    private ReadOnlySpan<float> Penalize(ReadOnlySpan<float> logits)
    {
        if (_options.RepeatPenalty == 1)
        {
            return logits;
        }

        logits.CopyTo(_penalized);
        int remembered = Math.Min(_recentCount, _recent.Length);
        for (int i = 0; i < remembered; i++)
        {
            int id = _recent[i];
            // A prompt may hold ids that only the padded embedding has; they are never chosen.
            if (id < _penalized.Length)
            {
                _penalized[id] = logits[id] > 0
                    ? logits[id] / _options.RepeatPenalty
                    : logits[id] * _options.RepeatPenalty;
            }
        }

        return _penalized;
    }

    private void ToProbabilities(int count)
    {
        float largest = _probabilities[0];
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            _probabilities[i] = MathF.Exp((_probabilities[i] - largest) / _options.Temperature);
            sum += _probabilities[i];
        }

        for (int i = 0; i < count; i++)
        {
            _probabilities[i] = (float)(_probabilities[i] / sum);
        }
    }

    private int KeepTopP(int count)
    {
        double sum = 0;
        for (int i = 0; i < count && _options.TopP < 1; i++)
        {
            sum += _probabilities[i];
            if (sum >= _options.TopP)
            {
                return i + 1;
            }
        }

        return count;
    }

    private int KeepMinP(int count)
    {
        float limit = _probabilities[0] * _options.MinP;
        while (count > 1 && _probabilities[count - 1] < limit)
        {
            count--;
        }

        return count;
    }

    private int Draw(int count)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += _probabilities[i];
        }

        double point = _random.NextDouble() * sum;
        for (int i = 0; i < count - 1; i++)
        {
            point -= _probabilities[i];
            if (point < 0)
            {
                return _ids[i];
            }
        }

        return _ids[count - 1];
    }
}
