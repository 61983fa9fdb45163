"""Writes zlib.txt: length and CRC-32 of what zlib makes of data that the test in main.rs makes again.

python3 zlib.py > zlib.txt            the set that is kept
python3 zlib.py --seeds 40 > zlib.txt more of it, for a day of doubt
"""

import sys
import zlib


def numbers(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def noise(draw, size):
    return bytes(next(draw) % 256 for _ in range(size))


def few(draw, size):
    return bytes(next(draw) % 3 + 97 for _ in range(size))


def skewed(draw, size):
    """Each byte half as likely as the one before it, nearly: deep trees."""
    out = bytearray()
    while len(out) < size:
        draws, byte = next(draw), 0
        while draws % 8 < 5 and byte < 40:
            draws, byte = next(draw), byte + 1
        out.append((byte * 37) % 256)
    return bytes(out)


def words(draw, size):
    out = bytearray()
    while len(out) < size:
        out += b"offset-%d key:%d leader epoch " % (next(draw) % 977, next(draw) % 13)
    return bytes(out[:size])


def copies(draw, size):
    """Noise and copies of what stands anywhere before, up to beyond the window."""
    out = bytearray()
    while len(out) < size:
        length = next(draw) % 300 + 1
        if out and next(draw) % 4:
            back = min(len(out), next(draw) % 40000 + 1)
            for _ in range(length):
                out.append(out[-back])
        else:
            out += noise(draw, length)
    return bytes(out[:size])


def runs(draw, size):
    out = bytearray()
    while len(out) < size:
        out += bytes([next(draw) % 4]) * (next(draw) % 700 + 1)
    return bytes(out[:size])


def edges(draw, size):
    """The same three and four bytes again at the farthest distances that are still, or no longer, of use."""
    out = bytearray()
    while len(out) < size:
        block = noise(draw, 40)
        out += block + bytes(range(256)) * 16
        out += block[: next(draw) % 38 + 3] + noise(draw, [3, 32506 - 4136, 32505 - 4136, 100][next(draw) % 4])
        out += block
    return bytes(out[:size])


def mixed(draw, size):
    """Blocks of every kind in one stream: stored, fixed and dynamic."""
    kinds = [noise, few, words, runs]
    out = bytearray()
    while len(out) < size:
        out += kinds[next(draw) % 4](draw, next(draw) % 30000 + 1)
    return bytes(out[:size])


KINDS = [noise, few, skewed, words, copies, runs, edges, mixed]
SIZES = [0, 1, 2, 3, 4, 9, 60, 261, 900, 6000, 33000, 66000, 140000]


def main():
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print("# kind size seed level length crc32; by zlib %s" % zlib.ZLIB_RUNTIME_VERSION)
    for kind in KINDS:
        for size in SIZES:
            for seed in range(seeds):
                data = kind(numbers(seed * 1000 + size), size)
                for level in range(1, 10):
                    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
                    packed = packer.compress(data) + packer.flush()
                    print(kind.__name__, size, seed, level, len(packed), zlib.crc32(packed))


main()
