namespace MoREdge.Tokenization;

/// <summary>The 256 printable characters by which byte-level vocabularies spell bytes.</summary>
/// <remarks>Source: bytes_to_unicode of the GPT-2 reference code: printable Latin-1 stays, the other 68 bytes follow
/// from U+0100.</remarks>
internal static class ByteLevelAlphabet
{
    private const char FirstShifted = '\u0100';
    private const int ShiftedCount = 68;

    private static readonly short[] ByteOfChar = BuildTable();

    /// <summary>The bytes that a token text spells, or false when a character is outside the alphabet.</summary>
    /// <param name="text">A token text in UTF-8.</param>
    /// <param name="bytes">Output, shape (text.Length); the first <paramref name="count"/> are overwritten.</param>
    /// <param name="count">How many bytes: one per character.</param>
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> bytes, out int count)
    {
        short[] byteOfChar = ByteOfChar;
        count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int character = text[i];
            if (character >= 0x80)
            {
                // The alphabet has characters of one and two UTF-8 bytes: 110xxxxx 10xxxxxx.
                if ((character & 0xE0) != 0xC0 || ++i == text.Length || (text[i] & 0xC0) != 0x80)
                {
                    return false;
                }

                character = ((character & 0x1F) << 6) | (text[i] & 0x3F);
            }

            int value = character < byteOfChar.Length ? byteOfChar[character] : -1;
            if (value < 0)
            {
                return false;
            }

            bytes[count++] = (byte)value;
        }

        return true;
    }

    private static short[] BuildTable()
    {
        short[] table = new short[FirstShifted + ShiftedCount];
        Array.Fill(table, (short)-1);
        int shifted = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            table[printable ? value : FirstShifted + shifted] = (short)value;
            shifted += printable ? 0 : 1;
        }

        return table;
    }
}
