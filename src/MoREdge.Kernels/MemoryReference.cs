using System.Buffers.Binary;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of the bandwidth probe.</summary>
internal static class MemoryReference
{
    internal static ulong ReadBytes(ReadOnlySpan<byte> bytes)
    {
        ulong checksum = 0;
        while (bytes.Length >= sizeof(ulong))
        {
            checksum ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            bytes = bytes[sizeof(ulong)..];
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            checksum ^= (ulong)bytes[i] << (8 * i);
        }

        return checksum;
    }
}
