"""The program that fuzzes CAP, on its seeds and on a few spoilt copies of them."""

import random

from jobs import fuzz_cap


def test_seeds_and_spoilt_seeds(shared, tmp_path):
    assert fuzz_cap.seeds(shared / "data" / "cap", tmp_path) > 15
    rng = random.Random(5)
    valid = 0
    for file in sorted(tmp_path.iterdir()):
        data = file.read_bytes()
        valid += fuzz_cap.judged(data)
        for _ in range(3):
            spoilt = bytearray(data)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(spoilt))
                spoilt[at : at + rng.randint(0, 8)] = rng.randbytes(rng.randint(0, 4))
            fuzz_cap.judged(bytes(spoilt))
    assert valid > 10
