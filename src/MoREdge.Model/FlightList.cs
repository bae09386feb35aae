namespace MoREdge.Model;

/// <summary>Sequences whose flights are at the same stage, in the order in which they were fed.</summary>
internal sealed class FlightList(int countMax)
{
    private readonly BatchSequence[] _sequences = new BatchSequence[countMax];
    private readonly Flight[] _flights = new Flight[countMax];
    private int _count;

    /// <summary>The sequences.</summary>
    public ReadOnlySpan<BatchSequence> Sequences => _sequences.AsSpan(0, _count);

    /// <summary>Their flights, in the same order.</summary>
    public ReadOnlySpan<Flight> Flights => _flights.AsSpan(0, _count);

    /// <summary>Adds one.</summary>
    public void Add(BatchSequence sequence)
    {
        _sequences[_count] = sequence;
        _flights[_count] = sequence.Flight;
        _count++;
    }

    /// <summary>Adds all of another list.</summary>
    public void AddAll(FlightList other)
    {
        foreach (BatchSequence sequence in other.Sequences)
        {
            Add(sequence);
        }
    }

    /// <summary>Moves those that have left the loop to another list.</summary>
    public void MoveWhereDone(FlightList destination)
    {
        int kept = 0;
        int count = _count;
        for (int i = 0; i < count; i++)
        {
            if (!_flights[i].IsInLoop)
            {
                destination.Add(_sequences[i]);
                continue;
            }

            _sequences[kept] = _sequences[i];
            _flights[kept] = _flights[i];
            kept++;
        }

        _count = kept;
    }

    /// <summary>Takes one out, if it is there.</summary>
    public void Remove(BatchSequence sequence)
    {
        int index = Array.IndexOf(_sequences, sequence, 0, _count);
        if (index >= 0)
        {
            _sequences.AsSpan(index + 1, _count - index - 1).CopyTo(_sequences.AsSpan(index));
            _flights.AsSpan(index + 1, _count - index - 1).CopyTo(_flights.AsSpan(index));
            _count--;
        }
    }

    /// <summary>Empties the list.</summary>
    public void Clear() => _count = 0;
}
