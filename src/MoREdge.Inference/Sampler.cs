namespace MoREdge.Inference;

/// <summary>Chooses the next token from logits. Its buffers are taken once; choosing allocates nothing.</summary>
public sealed class Sampler
{
    private readonly SamplerOptions _options;
    private readonly float[] _logits;
    private readonly int[] _ids;
    private readonly int[] _recent;
    private RandomSource _random;
    private int _recentCount;

    /// <summary>Prepares for logits of <paramref name="vocabSize"/> tokens.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Sampler(SamplerOptions options, int vocabSize)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logits = new float[vocabSize];
        _ids = new int[vocabSize];
        _recent = new int[options.RepeatWindow];
        Seed = options.Seed ?? (ulong)Random.Shared.NextInt64();
        _random = new RandomSource(Seed);
    }

    /// <summary>The seed in use, so that a run can be repeated.</summary>
    public ulong Seed { get; }

    /// <summary>Remembers a token for the repeat penalty.</summary>
    public void Accept(int id)
    {
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
    public int Choose(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        Penalize();
        if (_options.Temperature == 0)
        {
            return LargestIndex(_logits);
        }

        int count = KeepTopK();
        ToProbabilities(count);
        count = KeepTopP(count);
        count = KeepMinP(count);
        return Draw(count);
    }

    private static int LargestIndex(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>Each recent token is penalized once, however often it occurred.</summary>
    private void Penalize()
    {
        int remembered = Math.Min(_recentCount, _recent.Length);
        if (_options.RepeatPenalty == 1)
        {
            return;
        }

        for (int i = 0; i < remembered; i++)
        {
            int id = _recent[i];
            if (_recent.AsSpan(0, i).Contains(id))
            {
                continue;
            }

            float logit = _logits[id];
            _logits[id] = logit > 0 ? logit / _options.RepeatPenalty : logit * _options.RepeatPenalty;
        }
    }

    /// <summary>
    /// Leaves the kept logits at the front in descending order, their ids beside them, and returns how many they are.
    /// </summary>
    private int KeepTopK()
    {
        for (int i = 0; i < _ids.Length; i++)
        {
            _ids[i] = i;
            // Negated, so that the ascending sort below puts the largest logit first.
            _logits[i] = -_logits[i];
        }

        int count = _options.TopK > 0 && _options.TopK < _ids.Length ? SelectSmallest(_options.TopK) : _ids.Length;
        Array.Sort(_logits, _ids, 0, count);
        for (int i = 0; i < count; i++)
        {
            _logits[i] = -_logits[i];
        }

        return count;
    }

    /// <summary>
    /// A heap of the k smallest values at the front, largest on top: O(V log k) instead of sorting the vocabulary.
    /// </summary>
    private int SelectSmallest(int count)
    {
        for (int i = (count / 2) - 1; i >= 0; i--)
        {
            SiftDown(i, count);
        }

        for (int i = count; i < _ids.Length; i++)
        {
            if (_logits[i] < _logits[0])
            {
                (_logits[0], _logits[i]) = (_logits[i], _logits[0]);
                (_ids[0], _ids[i]) = (_ids[i], _ids[0]);
                SiftDown(0, count);
            }
        }

        return count;
    }

    private void SiftDown(int index, int count)
    {
        while (true)
        {
            int child = (2 * index) + 1;
            if (child >= count)
            {
                return;
            }

            if (child + 1 < count && _logits[child + 1] > _logits[child])
            {
                child++;
            }

            if (_logits[child] <= _logits[index])
            {
                return;
            }

            (_logits[child], _logits[index]) = (_logits[index], _logits[child]);
            (_ids[child], _ids[index]) = (_ids[index], _ids[child]);
            index = child;
        }
    }

    private void ToProbabilities(int count)
    {
        float largest = _logits[0];
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            _logits[i] = MathF.Exp((_logits[i] - largest) / _options.Temperature);
            sum += _logits[i];
        }

        for (int i = 0; i < count; i++)
        {
            _logits[i] = (float)(_logits[i] / sum);
        }
    }

    private int KeepTopP(int count)
    {
        double sum = 0;
        for (int i = 0; i < count && _options.TopP < 1; i++)
        {
            sum += _logits[i];
            if (sum >= _options.TopP)
            {
                return i + 1;
            }
        }

        return count;
    }

    private int KeepMinP(int count)
    {
        float limit = _logits[0] * _options.MinP;
        while (count > 1 && _logits[count - 1] < limit)
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
            sum += _logits[i];
        }

        double point = _random.NextDouble() * sum;
        for (int i = 0; i < count - 1; i++)
        {
            point -= _logits[i];
            if (point < 0)
            {
                return _ids[i];
            }
        }

        return _ids[count - 1];
    }
}
