using MoREdge.Model;
using MoREdge.Model.Caches;
using MoREdge.Model.Layers;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model.Layers;

/// <summary>Whose rows attend together.</summary>
public sealed class LayerPassTests
{
    private static readonly LayerCall Writing = new(Block: 0, Recursion: 0, Slot: 0, WritesCache: true);
    private static readonly LayerCall Reading = Writing with { Recursion = 1, WritesCache = false };

    /// <summary>
    /// Rows of a later recursion that only read have no keys of their own: joined to rows that store theirs they would
    /// store those of somebody else.
    /// </summary>
    [Fact]
    public void Cut_RowsThatReadWhatOthersWrite_AreNotJoined() => Check(
        KvPolicy.SharedFromFirst, Writing, Reading, secondPosition: 2, writingCount: 2,
        (0, 2, CacheAccess.Append), (2, 3, CacheAccess.Read));

    [Fact]
    public void Cut_RowsThatReplaceWhatOthersWrite_AreNotJoined() => Check(
        KvPolicy.SharedHybrid, Writing, Reading, secondPosition: 2, writingCount: 5,
        (0, 2, CacheAccess.Append), (2, 3, CacheAccess.Overlay));

    [Fact]
    public void Cut_RowsOfOneTextInOrder_AreJoined() => Check(
        KvPolicy.SharedFromFirst, Writing, Writing, secondPosition: 2, writingCount: 5, (0, 5, CacheAccess.Append));

    [Fact]
    public void Cut_RowsOfOneTextOutOfOrder_AreNotJoined() => Check(
        KvPolicy.SharedFromFirst, Reading, Reading, secondPosition: 0, writingCount: 0,
        (0, 2, CacheAccess.Read), (2, 3, CacheAccess.Read));

    /// <summary>Two rows of one flight, then three of another of the same text.</summary>
    private static void Check(
        KvPolicy policy, LayerCall first, LayerCall second, int secondPosition, int writingCount,
        params (int Start, int Count, CacheAccess Access)[] expected)
    {
        using TinyModel model = TinyModel.Recursive("expert", "cycle", recursions: 2, baseDepth: 1).Load();
        ModelConfig config = model.Network.Config;
        SequencePlan plan = SequencePlan.Resolve(config, true, new SequenceOptions { KvPolicy = policy });
        using KvCache cache = new(config, plan, slotCount: 1, tokensMax: 16, isTruncated: true);
        using AlignedBuffer buffer = new(5 * sizeof(float));
        LayerPass pass = new(policy, rowsMax: 5, segmentsMax: 2);
        pass.Clear();
        pass.AddAll(Begin(cache, FloatMatrix.Over(buffer, 2, 1), position: 0), [first]);
        pass.AddAll(Begin(cache, FloatMatrix.Over(buffer, 3, 1), secondPosition), [second]);

        pass.EnterLayer(0);
        pass.Cut(0, pass.RowCount);

        SlotRows[] slots = pass.Slots.ToArray();
        Assert.Equal(expected, Array.ConvertAll(slots, rows => (rows.Start, rows.Count, rows.Access)));
        Assert.All(slots, rows => Assert.Same(cache[0], rows.Slot));
        Assert.Equal(writingCount, pass.WritingCount);
    }

    private static Flight Begin(KvCache cache, FloatMatrix rows, int position)
    {
        Flight flight = new(cache, rows.Rows);
        flight.Begin(rows, rows, position, isPrompt: false, depthMax: 2);
        return flight;
    }
}
