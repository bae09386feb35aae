using System.Buffers.Binary;
using MoREdge.Tensors;

namespace MoREdge.Tests.Tensors;

public sealed class AlignedBufferTests
{
    /// <summary>Below and above what comes straight from the system.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData((1 << 20) - 5)]
    public unsafe void Constructor_AnySize_GivesZeroedAlignedBytes(int byteCount)
    {
        AlignedBuffer buffer = new(byteCount);
        Assert.Equal((nuint)0, (nuint)buffer.Data % AlignedBuffer.Alignment);
        Assert.Equal(-1, buffer.Span<byte>(0, byteCount).IndexOfAnyExcept((byte)0));
        buffer.Span<byte>(0, byteCount).Fill(7);

        buffer.Dispose();
        buffer.Dispose();

        Assert.True(buffer.Data is null);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span<byte>(0, 0).Length);
    }

    [Fact]
    public void Constructor_MoreThanThereIs_IsOutOfMemory() =>
        Assert.ThrowsAny<OutOfMemoryException>(() => new AlignedBuffer(1L << 62));

    /// <summary>
    /// A context is taken whole and touched bit by bit. A block that is used again, cleared, would all be in memory.
    /// </summary>
    [Fact]
    public void Constructor_BehindOthersThatWereFreed_TakesNoMemoryYet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells which pages are in memory.");
        const int ByteCount = 8 << 20;
        Used(ByteCount).Dispose();
        AlignedBuffer freed = Used(ByteCount);
        using AlignedBuffer neighbour = Used(ByteCount);
        freed.Dispose();

        using AlignedBuffer next = new(ByteCount);

        Assert.Equal(0, PagesInMemory(next));
        next.Span<byte>(ByteCount / 2, 1)[0] = 1;
        Assert.NotEqual(0, PagesInMemory(next));
    }

    private static AlignedBuffer Used(int byteCount)
    {
        AlignedBuffer buffer = new(byteCount);
        buffer.Span<byte>(0, byteCount).Fill(1);
        return buffer;
    }

    /// <summary>Whole pages of the buffer that are in memory: the uppermost bit of each page's number.</summary>
    private static unsafe int PagesInMemory(AlignedBuffer buffer)
    {
        int pageBytes = Environment.SystemPageSize;
        long first = ((long)buffer.Data + pageBytes - 1) / pageBytes;
        byte[] entries = new byte[sizeof(ulong) * ((buffer.ByteCount / pageBytes) - 1)];
        using FileStream pages = File.OpenRead("/proc/self/pagemap");
        pages.Position = sizeof(ulong) * first;
        pages.ReadExactly(entries);
        int count = 0;
        for (int i = 0; i < entries.Length; i += sizeof(ulong))
        {
            count += BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(i)) >> 63 == 1 ? 1 : 0;
        }

        return count;
    }
}
