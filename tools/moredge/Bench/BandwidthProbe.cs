using System.Diagnostics;
using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>
/// Measures how fast threads can read memory: the bound of a decoded token, which reads every weight once.
/// </summary>
internal sealed class BandwidthProbe : IDisposable
{
    /// <summary>Much more than any cache, so that a short probe measures the memory.</summary>
    public const long BytesDefault = 256L << 20;

    /// <summary>Bytes that one call of the kernel reads.</summary>
    private const int BlockBytes = 1 << 20;

    private readonly KernelSet _kernels;
    private readonly AlignedBuffer _buffer;
    private readonly int _blockCount;
    private readonly int _passesPerStart;
    private ulong _checksum;

    /// <param name="kernels">Whose ReadBytes is used.</param>
    /// <param name="byteCount">Size of the buffer, rounded to whole mebibytes.</param>
    public BandwidthProbe(KernelSet kernels, long byteCount)
    {
        _kernels = kernels;
        _blockCount = (int)Math.Max(1, (byteCount + BlockBytes - 1) / BlockBytes);
        _buffer = new AlignedBuffer((long)_blockCount * BlockBytes);

        // Starting a thread takes about as long as reading a megabyte: a small buffer is read often per start.
        _passesPerStart = (int)Math.Max(1, BytesDefault / _buffer.ByteCount);
        for (int block = 0; block < _blockCount; block++)
        {
            // Pages that were never written all show the one zero page of the system, which stays in the cache.
            Block(block).Fill((byte)(block + 1));
        }
    }

    /// <summary>Bytes of the buffer.</summary>
    public long ByteCount => _buffer.ByteCount;

    /// <summary>Reads the whole buffer over and over and returns bytes per second.</summary>
    /// <param name="threadCount">Threads, each with its own part of the buffer.</param>
    /// <param name="secondsMin">Whole passes are read until this much time has gone.</param>
    public double Measure(int threadCount, double secondsMin)
    {
        Stopwatch clock = Stopwatch.StartNew();
        long passes = 0;
        while (passes == 0 || clock.Elapsed.TotalSeconds < secondsMin)
        {
            ReadAll(threadCount);
            passes += _passesPerStart;
        }

        return passes * ByteCount / clock.Elapsed.TotalSeconds;
    }

    public void Dispose() => _buffer.Dispose();

    private void ReadAll(int threadCount)
    {
        Thread[] threads = new Thread[threadCount - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int part = i + 1;
            threads[i] = new Thread(() => ReadPart(part, threadCount));
            threads[i].Start();
        }

        ReadPart(0, threadCount);
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    private void ReadPart(int part, int partCount)
    {
        int first = (int)((long)_blockCount * part / partCount);
        int end = (int)((long)_blockCount * (part + 1) / partCount);
        ulong checksum = 0;
        for (int pass = 0; pass < _passesPerStart; pass++)
        {
            for (int block = first; block < end; block++)
            {
                checksum ^= _kernels.ReadBytes(Block(block));
            }
        }

        // Stored, so that no compiler may leave the reading out.
        Interlocked.Exchange(ref _checksum, checksum);
    }

    private Span<byte> Block(int block) => _buffer.Span<byte>((long)block * BlockBytes, BlockBytes);
}
