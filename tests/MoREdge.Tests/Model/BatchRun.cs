using MoREdge.Model;

namespace MoREdge.Tests.Model;

/// <summary>
/// Texts of random lengths and depth caps that arrive in a batch of random limits at random times, some of which are
/// taken out on the way; some rest for a tick. Every row of logits and every depth is compared with those of a sequence
/// by itself, without drafts.
/// </summary>
internal sealed class BatchRun(TinyModel model, SequenceOptions options, int seed)
{
    private const int TextCount = 9;

    private readonly Random _random = new(seed);
    private readonly List<Text> _waiting = [];
    private readonly List<Text> _running = [];
    private int _compared;

    /// <summary>How the drafts of all texts fared.</summary>
    public SpeculationStatistics Drafts { get; private set; }

    /// <summary>Runs every text to its end.</summary>
    public void Run()
    {
        bool isRecursive = model.Network.Config.Recursion is not null;
        for (int i = 0; i < TextCount; i++)
        {
            _waiting.Add(CreateText(i, isRecursive));
        }

        BatchOptions limits = new() { SequencesMax = _random.Next(1, 7), PromptRowsMax = _random.Next(1, 80) };
        using SequenceBatch batch = model.Network.CreateBatch(options, limits);
        for (int tick = 0; _waiting.Count + _running.Count > 0; tick++)
        {
            Admit(batch, tick);
            _running.ForEach(text => _compared += _random.Next(20) == 0 ? 0 : text.Feed(batch));
            batch.Tick();
            foreach (BatchSequence sequence in batch.Left)
            {
                _compared += _running.Find(text => text.Sequence == sequence)!.Compare(batch) ? 1 : 0;
            }

            foreach (Text done in _running.FindAll(text => text.IsDone(tick)))
            {
                Drafts = Drafts.And(done.Sequence!.Speculation);
                batch.Remove(done.Sequence);
                _running.Remove(done);
            }
        }

        Assert.True(_compared > TextCount, "Most texts must have come to decode.");
        Assert.Equal(0, batch.SequenceCount);
    }

    private Text CreateText(int index, bool isRecursive)
    {
        int prompt = _random.Next(3) == 0 ? _random.Next(1, 4) : _random.Next(1, 150);
        int answer = options.Speculation == SpeculationMode.Off ? 12 : 60;
        int[] ids = TinyModel.RandomIds(prompt + _random.Next(answer), (100 * seed) + index);
        int? depthMax = isRecursive && _random.Next(2) == 0 ? _random.Next(1, 4) : null;
        int leaves = _random.Next(4) == 0 ? _random.Next(1, 20) : int.MaxValue;
        Text text = new(ids, prompt, depthMax, arrival: _random.Next(25), lifeTicks: leaves);
        text.Expect(model, options);
        return text;
    }

    private void Admit(SequenceBatch batch, int tick)
    {
        foreach (Text text in _waiting.FindAll(text => text.Arrival <= tick))
        {
            if (batch.SequenceCount < batch.SequencesMax)
            {
                text.Start(batch, tick);
                _waiting.Remove(text);
                _running.Add(text);
            }
        }
    }

    private sealed class Text(int[] ids, int promptLength, int? depthMax, int arrival, int lifeTicks)
    {
        private readonly float[][] _logits = new float[ids.Length][];
        private readonly int[] _depths = new int[ids.Length];
        private int _taken;
        private int _lastTick;

        public int Arrival => arrival;

        public BatchSequence? Sequence { get; private set; }

        public void Expect(TinyModel model, SequenceOptions options)
        {
            SequenceOptions alone = new()
            {
                ContextLength = options.ContextLength,
                KvFormat = options.KvFormat,
                Routing = options.Routing,
                DepthMax = depthMax,
            };
            model.Score(ids, alone, _depths).CopyTo(_logits, 0);
        }

        public void Start(SequenceBatch batch, int tick)
        {
            Sequence = batch.Add(ids.Length, depthMax);
            _lastTick = lifeTicks == int.MaxValue ? int.MaxValue : tick + lifeTicks;

            // A part of the drafts is what the text will be, whatever the model thinks of it.
            Random random = new(ids.Length);
            Sequence.DraftOverride = (position, draft, _) => random.Next(3) > 0 ? ids[position] : draft;
        }

        /// <summary>Feeds what comes next, and more while drafts have computed it already.</summary>
        /// <returns>How many tokens they had.</returns>
        public int Feed(SequenceBatch batch)
        {
            int ready = 0;
            while (!Sequence!.IsUnderWay && _taken < ids.Length)
            {
                int end = _taken < promptLength ? promptLength : _taken + 1;
                int fed = batch.Feed(Sequence, ids.AsSpan(_taken, end - _taken));
                _taken += fed;
                if (fed == 0 || Sequence.IsUnderWay)
                {
                    break;
                }

                ready += Compare(batch) ? 1 : 0;
            }

            return ready;
        }

        /// <summary>Compares what has just left; true when it was a decoded token.</summary>
        public bool Compare(SequenceBatch batch)
        {
            Assert.Equal(_taken, Sequence!.Position);
            int count = Sequence.LastDepths.Length;
            Assert.Equal(_depths.AsSpan(_taken - count, count), Sequence.LastDepths);
            if (_taken >= promptLength)
            {
                Assert.Equal(_logits[_taken - 1].AsSpan(), batch.Logits(Sequence));
            }

            return _taken >= promptLength;
        }

        public bool IsDone(int tick) => tick >= _lastTick || (_taken == ids.Length && !Sequence!.IsUnderWay);
    }
}
