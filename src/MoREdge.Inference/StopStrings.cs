using System.Text;

namespace MoREdge.Inference;

/// <summary>Finds stop strings in streamed text and holds back what might be the beginning of one.</summary>
internal sealed class StopStrings(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    /// <summary>True once a stop string appeared; nothing more is passed on.</summary>
    public bool IsHit { get; private set; }

    /// <summary>Takes a piece of text and returns what may be shown.</summary>
    public string Push(string piece)
    {
        if (IsHit || stops.Count == 0)
        {
            return IsHit ? "" : piece;
        }

        _held.Append(piece);
        string text = _held.ToString();
        int hit = FirstHit(text);
        IsHit = hit >= 0;
        int show = IsHit ? hit : text.Length - HeldLength(text);
        _held.Remove(0, show);
        return text[..show];
    }

    /// <summary>What was held back when the generation ends without a stop string.</summary>
    public string Flush()
    {
        string rest = IsHit ? "" : _held.ToString();
        _held.Clear();
        return rest;
    }

    private int FirstHit(string text)
    {
        int first = -1;
        foreach (string stop in stops)
        {
            int index = text.IndexOf(stop, StringComparison.Ordinal);
            if (index >= 0 && (first < 0 || index < first))
            {
                first = index;
            }
        }

        return first;
    }

    /// <summary>Length of the longest end of the text that begins a stop string.</summary>
    private int HeldLength(string text)
    {
        int held = 0;
        foreach (string stop in stops)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > held; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    held = length;
                }
            }
        }

        return held;
    }
}
