using System.Buffers;
using System.IO.Hashing;

namespace MoREdge.ModelFile;

/// <summary>XXH3-128 digests as 32 lower-case hexadecimal digits, most significant byte first.</summary>
internal static class Digest
{
    /// <summary>Digits of a digest.</summary>
    public const int DigitCount = 32;

    private const int ChunkBytes = 1 << 16;

    /// <summary>The digits of what <paramref name="hash"/> has seen; starts it over.</summary>
    public static string Text(XxHash128 hash) => Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>True for exactly 32 digits 0–9, a–f.</summary>
    public static bool IsWellFormed(string text)
    {
        foreach (char digit in text)
        {
            if (!char.IsAsciiHexDigitLower(digit))
            {
                return false;
            }
        }

        return text.Length == DigitCount;
    }

    /// <summary>The digest of a header whose own digits at <paramref name="digestOffset"/> are read as '0'.</summary>
    public static string OfHeader(ReadOnlySpan<byte> header, int digestOffset)
    {
        XxHash128 hash = new();
        hash.Append(header[..digestOffset]);
        hash.Append("00000000000000000000000000000000"u8);
        hash.Append(header[(digestOffset + DigitCount)..]);
        return Text(hash);
    }

    /// <summary>
    /// The digest of [offset, offset + count), read with read calls so that a shrinking file cannot fault.
    /// </summary>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public static string OfRange(MappedFile file, long offset, long count, CancellationToken cancellation)
    {
        XxHash128 hash = new();
        // A file has hundreds of tensors; a buffer for each would be megabytes of garbage.
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            while (count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<byte> part = chunk.AsSpan(0, (int)Math.Min(count, ChunkBytes));
                file.Read(offset, part);
                hash.Append(part);
                offset += part.Length;
                count -= part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return Text(hash);
    }
}
