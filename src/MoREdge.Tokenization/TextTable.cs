using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Many short texts, such as a vocabulary or its merges, without an object per text.</summary>
/// <remarks>
/// All texts lie end to end in one block of UTF-8 bytes; text i is the bytes from offset i up to offset i + 1:
/// <code>
/// utf8     t h e Ġ . . a n d     the texts "the", "Ġ", "..", "and"; Ġ has two bytes
/// offsets  0     3   5   7   10  one more than there are texts
/// </code>
/// The 49,152 tokens of SmolLM2 take 0.57 MB this way and 2.3 MB as strings. A <see cref="string"/> is made only when
/// one is asked for.
/// </remarks>
[CollectionBuilder(typeof(TextTable), nameof(Create))]
[SuppressMessage("Naming", "CA1710", Justification = "A table of texts is what it is; it cannot be added to.")]
public sealed class TextTable : IReadOnlyList<string>
{
    private readonly byte[] _utf8;
    private readonly int[] _offsets;

    /// <summary>Takes texts that lie end to end. Both arrays are kept and must not change afterwards.</summary>
    /// <param name="utf8">The bytes of all texts; where they are not UTF-8, <see cref="this"/> gives U+FFFD.</param>
    /// <param name="offsets">Where each text starts, shape (Count + 1): from 0 to utf8.Length, never falling.</param>
    /// <exception cref="ArgumentException">The offsets do not cut the bytes into texts.</exception>
    public TextTable(byte[] utf8, int[] offsets)
    {
        ArgumentNullException.ThrowIfNull(utf8);
        ArgumentNullException.ThrowIfNull(offsets);
        bool isCut = offsets.Length > 0 && offsets[0] == 0 && offsets[^1] == utf8.Length;
        for (int i = 1; i < offsets.Length; i++)
        {
            isCut &= offsets[i - 1] <= offsets[i];
        }

        _utf8 = isCut ? utf8 : throw new ArgumentException("They do not cut the bytes into texts.", nameof(offsets));
        _offsets = offsets;
    }

    /// <summary>Number of texts.</summary>
    public int Count => _offsets.Length - 1;

    /// <summary>Bytes of all texts together.</summary>
    public int ByteCount => _utf8.Length;

    /// <summary>Text <paramref name="index"/>, decoded anew by each call.</summary>
    public string this[int index] => Encoding.UTF8.GetString(Utf8(index));

    /// <summary>Copies strings into a table; a lone UTF-16 surrogate becomes U+FFFD.</summary>
    public static TextTable Create(params ReadOnlySpan<string> texts)
    {
        int[] offsets = new int[texts.Length + 1];
        for (int i = 0; i < texts.Length; i++)
        {
            offsets[i + 1] = checked(offsets[i] + Encoding.UTF8.GetByteCount(texts[i]));
        }

        byte[] utf8 = new byte[offsets[^1]];
        for (int i = 0; i < texts.Length; i++)
        {
            Encoding.UTF8.GetBytes(texts[i], utf8.AsSpan(offsets[i]));
        }

        return new TextTable(utf8, offsets);
    }

    /// <summary>The bytes of text <paramref name="index"/>.</summary>
    public ReadOnlySpan<byte> Utf8(int index)
    {
        int start = _offsets[index];
        return _utf8.AsSpan(start, _offsets[index + 1] - start);
    }

    /// <summary>The first <paramref name="count"/> texts, copied.</summary>
    public TextTable Start(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return new TextTable(_utf8[.._offsets[count]], _offsets[..(count + 1)]);
    }

    /// <summary>The index of a text, or -1; a linear search for the few lookups of a loader.</summary>
    public int IndexOf(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < Count; i++)
        {
            if (Utf8(i).SequenceEqual(utf8))
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
