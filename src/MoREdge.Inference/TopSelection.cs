using System.Runtime.Intrinsics;

namespace MoREdge.Inference;

/// <summary>
/// Selects the k largest of many logits. Candidates are gathered in a reservoir; when it is full, the k best of them
/// stay, and the last of those is what a further logit must exceed: soon hardly any does, and a look at a vector of
/// logits settles it.
/// </summary>
/// <remarks>
/// A candidate is one number: the bits of its logit, turned so that larger logits are smaller numbers, above its id. So
/// candidates are ordered by logit, equal ones by id, and no two are equal.
/// </remarks>
/// <param name="count">How many to select, at least 1.</param>
/// <param name="logitCount">How many there are, at least as many.</param>
internal sealed class TopSelection(int count, int logitCount)
{
    private const int IdBits = 32;
    private const uint SignBit = 1u << 31;

    /// <summary>Candidates beyond twice as many as are selected: the first ones, when there is no limit yet.</summary>
    private const long FirstCandidates = 512;

    private readonly ulong[] _candidates = new ulong[(int)Math.Min((2L * count) + FirstCandidates, logitCount)];

    /// <summary>Writes the largest logits in descending order, lower ids first among equals, and their ids.</summary>
    /// <param name="logits">Logits; NaN and −∞ are never selected.</param>
    /// <param name="values">Receives the logits (count).</param>
    /// <param name="ids">Receives their ids (count).</param>
    /// <returns>How many: count, unless there are fewer; 0 when every logit is NaN or −∞.</returns>
    public int Select(ReadOnlySpan<float> logits, Span<float> values, Span<int> ids)
    {
        int gathered = Gather(logits);
        int kept = Math.Min(gathered, count);
        KeepSmallest(gathered);
        Span<ulong> best = _candidates.AsSpan(0, kept);
        best.Sort();
        for (int i = 0; i < kept; i++)
        {
            (values[i], ids[i]) = (Logit(best[i]), (int)(uint)best[i]);
        }

        return kept;
    }

    private static ulong Candidate(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit);
        uint ascending = (bits & SignBit) != 0 ? ~bits : bits | SignBit;
        return ((ulong)~ascending << IdBits) | (uint)id;
    }

    private static float Logit(ulong candidate)
    {
        uint ascending = ~(uint)(candidate >> IdBits);
        return BitConverter.UInt32BitsToSingle((ascending & SignBit) != 0 ? ascending & ~SignBit : ~ascending);
    }

    /// <summary>Fills the reservoir with every logit that may be among the largest.</summary>
    private int Gather(ReadOnlySpan<float> logits)
    {
        float limit = float.NegativeInfinity;
        int gathered = 0;
        for (int start = 0; start < logits.Length; start += Vector256<float>.Count)
        {
            int end = Math.Min(start + Vector256<float>.Count, logits.Length);
            if (end - start == Vector256<float>.Count
                && !Vector256.GreaterThanAny(Vector256.Create(logits[start..]), Vector256.Create(limit)))
            {
                continue;
            }

            for (int id = start; id < end; id++)
            {
                // Equal to the limit, its id would be above that of the candidate that set it.
                if (!(logits[id] > limit))
                {
                    continue;
                }

                if (gathered == _candidates.Length)
                {
                    KeepSmallest(gathered);
                    gathered = count;
                    limit = Logit(Largest(count));
                }

                _candidates[gathered++] = Candidate(logits[id], id);
            }
        }

        return gathered;
    }

    private ulong Largest(int length)
    {
        ulong largest = 0;
        foreach (ulong candidate in _candidates.AsSpan(0, length))
        {
            largest = Math.Max(largest, candidate);
        }

        return largest;
    }

    /// <summary>
    /// Brings the smallest of the first <paramref name="length"/> candidates to the front, as many as are selected, by
    /// parting them again and again at one of them (Hoare's FIND, 1961).
    /// </summary>
    private void KeepSmallest(int length)
    {
        (int low, int high) = (0, length - 1);
        while (low < high && count < length)
        {
            ulong pivot = _candidates[low + ((high - low) / 2)];
            (int left, int right) = (low, high);
            while (left <= right)
            {
                while (_candidates[left] < pivot)
                {
                    left++;
                }

                while (_candidates[right] > pivot)
                {
                    right--;
                }

                if (left <= right)
                {
                    (_candidates[left], _candidates[right]) = (_candidates[right], _candidates[left]);
                    left++;
                    right--;
                }
            }

            if (count - 1 <= right)
            {
                high = right;
            }
            else if (count - 1 >= left)
            {
                low = left;
            }
            else
            {
                return;
            }
        }
    }
}
