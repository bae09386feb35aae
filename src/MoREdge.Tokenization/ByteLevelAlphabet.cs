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
    /// <param name="text">A token text.</param>
    /// <param name="bytes">Output, shape (text.Length), overwritten.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        for (int i = 0; i < text.Length; i++)
        {
            short value = text[i] < ByteOfChar.Length ? ByteOfChar[text[i]] : (short)-1;
            if (value < 0)
            {
                return false;
            }

            bytes[i] = (byte)value;
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
