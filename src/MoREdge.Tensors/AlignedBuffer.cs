using System.Runtime.InteropServices;

namespace MoREdge.Tensors;

/// <summary>Zeroed native memory, 64-byte aligned, outside the garbage collector's heap.</summary>
/// <remarks>Pages become resident when first touched, so a generous capacity costs nothing until it is used.</remarks>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>The alignment of <see cref="Data"/>: one cache line, two AVX2 registers.</summary>
    public const int Alignment = 64;

    /// <summary>Floats of a cache line.</summary>
    public const int FloatsPerLine = Alignment / sizeof(float);

    private void* _allocation;

    /// <summary>Takes <paramref name="byteCount"/> zeroed bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative size.</exception>
    /// <exception cref="OutOfMemoryException">The system refuses.</exception>
    public AlignedBuffer(long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ByteCount = byteCount;
        // SAFETY: the 64 spare bytes make room for the alignment. AlignedAlloc would need a clear that touches every
        // page.
        _allocation = PageMemory.IsFor(byteCount)
            ? PageMemory.Take(AllocatedBytes)
            : NativeMemory.AllocZeroed(AllocatedBytes);
        Data = Align(_allocation);
    }

    /// <summary>
    /// The first whole line of <paramref name="memory"/>, less than <see cref="Alignment"/> bytes on: a vector on two
    /// lines is read twice.
    /// </summary>
    public static byte* Align(void* memory) => (byte*)(((nuint)memory + Alignment - 1) & ~(nuint)(Alignment - 1));

    /// <summary>So many floats and as many more as fill the last cache line.</summary>
    public static int WholeLines(int floats) => checked(floats + FloatsPerLine - 1) / FloatsPerLine * FloatsPerLine;

    /// <summary>Frees memory that was not disposed.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Bytes usable at <see cref="Data"/>.</summary>
    public long ByteCount { get; }

    /// <summary>The first byte; null after <see cref="Dispose"/>.</summary>
    public byte* Data { get; private set; }

    private nuint AllocatedBytes => checked((nuint)ByteCount + Alignment);

    /// <summary>The elements from <paramref name="byteOffset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the buffer.</exception>
    public Span<T> Span<T>(long byteOffset, int count)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_allocation is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        long end = byteOffset + ((long)count * sizeof(T));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, ByteCount, nameof(count));
        return new Span<T>(Data + byteOffset, count);
    }

    /// <summary>Frees the memory; views of it must not be used afterwards.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (PageMemory.IsFor(ByteCount) && _allocation is not null)
        {
            PageMemory.Free(_allocation, AllocatedBytes);
        }
        else
        {
            NativeMemory.Free(_allocation);
        }

        _allocation = null;
        Data = null;
    }
}
