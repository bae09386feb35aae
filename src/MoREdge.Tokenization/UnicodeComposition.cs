using System.Text;

namespace MoREdge.Tokenization;

internal static class UnicodeComposition
{
    public static bool MayChange(ReadOnlySpan<byte> utf8) => utf8.IndexOfAnyInRange((byte)0xCC, (byte)0xFF) >= 0;

    public static string Compose(string text) => text.Normalize(NormalizationForm.FormC);
}
