using MoREdge.Kernels;
using MoREdge.Model;
using static MoREdge.Tests.Model.WindowText;

namespace MoREdge.Tests.Model;

/// <summary>Prompts that are cancelled where layers with a window may have dropped what was before them.</summary>
public sealed class WindowCancellationTests
{
    /// <summary>A slot has room for 352 tokens, of which it drops none as long as it can hold them all.</summary>
    [Theory]
    [InlineData(0, 300, 1, 0)]
    [InlineData(50, 400, 1, 50 + PassRows)]
    [InlineData(500, 300, 0, 500)]
    [InlineData(500, 300, 1, 500 + PassRows)]
    [InlineData(700, 650, 2, 700 + (2 * PassRows))]
    public void Prefill_CancelledBetweenPasses_KeepsWhatWasDoneWhereItCannotGoBack(
        int before, int count, int passes, int expected)
    {
        using TinyModel model = Create("phi3").Load(threads: 2);
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 7);
        float[][] whole = model.Score(ids, Options(null) with { KeepsAllTokens = true });
        using Sequence sequence = model.Network.CreateSequence(Options(null));
        Feed(sequence, ids, whole, before, new Random(before));
        using CancellationTokenSource source = new();
        Cancel(source, 0, passes);
        Assert.Throws<OperationCanceledException>(() => sequence.Prefill(
            ids.AsSpan(before, count), done => Cancel(source, done, passes), source.Token));

        Assert.Equal(expected, sequence.Position);
        AssertRow(whole[before + count - 1], sequence.Prefill(ids.AsSpan(expected..(before + count))));
        Feed(sequence, ids, whole, TextTokens - sequence.Position, new Random(before));
    }

    [Theory]
    [MemberData(nameof(WindowText.Kinds), MemberType = typeof(WindowText))]
    public void Prefill_CancelledWithinAPass_LeavesASequenceThatGoesOn(string kind)
    {
        CancellingKernels kernels = new();
        using TinyModel model = Create(kind).Load(kernels);
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 8);
        float[][] whole = model.Score(ids, Options(null) with { KeepsAllTokens = true });
        using Sequence sequence = model.Network.CreateSequence(Options(null));
        kernels.Count = 0;
        sequence.Prefill(ids.AsSpan(0, 2 * PassRows));
        int norms = kernels.Count;
        sequence.Truncate(0);
        sequence.Prefill(ids.AsSpan(0, 450));
        List<int> passesKept = [];
        for (int attempt = 0; attempt < 12; attempt++)
        {
            int start = sequence.Position;
            Random random = new(attempt);
            using CancellationTokenSource source = new();

            // In the first or second pass of three.
            kernels.CancelBehind(random.Next(norms), source);
            Assert.Throws<OperationCanceledException>(
                () => Take(sequence, ids.AsSpan(start, 600), isScored: attempt % 2 == 0, source.Token));
            passesKept.Add((sequence.Position - start) / PassRows);
            Assert.Equal(start + (passesKept[^1] * PassRows), sequence.Position);
            Feed(sequence, ids, whole, 10, random);
            if (sequence.Position > ids.Length - 600)
            {
                sequence.Truncate(random.Next(2) == 0 ? 0 : sequence.Position - TakenBackMax);
                sequence.Truncate(450);
                Feed(sequence, ids, whole, 450 - sequence.Position, random);
            }
        }

        // Most cancelled prompts are taken back; passes are kept where windows are shorter than what was done.
        Assert.Contains(0, passesKept);
        Assert.Contains(1, passesKept);
    }

    private static void Cancel(CancellationTokenSource source, int done, int passes)
    {
        if (done == passes * PassRows)
        {
            source.Cancel();
        }
    }

    private static void Take(Sequence sequence, ReadOnlySpan<int> ids, bool isScored, CancellationToken cancellation)
    {
        if (isScored)
        {
            sequence.Score(ids, (_, _) => { }, cancellation: cancellation);
        }
        else
        {
            sequence.Prefill(ids, cancellation: cancellation);
        }
    }

    /// <summary>The scalar kernels, which cancel behind a number of norms.</summary>
    private sealed class CancellingKernels : KernelSet
    {
        private CancellationTokenSource? _source;
        private int _end;

        /// <summary>Norms so far.</summary>
        public int Count { get; set; }

        public void CancelBehind(int norms, CancellationTokenSource source)
        {
            _end = Count + norms;
            _source = source;
        }

        public override void RmsNorm(
            ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
        {
            base.RmsNorm(x, weight, epsilon, y);
            if (Count++ == _end)
            {
                _source?.Cancel();
                _source = null;
            }
        }
    }
}
