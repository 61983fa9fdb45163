//! Deflate against zlib: recorded lengths and checksums of what zlib made of data of many kinds, at every level
//! (`zlib.py` says how they were recorded), and every stream unpacks to what went in.

use deflate::{deflate, inflate};

/// The generator of `zlib.py`.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }

    fn bytes(&mut self, size: usize, of: usize, from: u8) -> Vec<u8> {
        (0..size).map(|_| (self.next() % of) as u8 + from).collect()
    }
}

fn until(size: usize, mut more: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < size {
        more(&mut out);
    }
    out.truncate(size);
    out
}

fn skewed(draw: &mut Draw) -> u8 {
    let (mut drawn, mut byte) = (draw.next(), 0usize);
    while drawn % 8 < 5 && byte < 40 {
        (drawn, byte) = (draw.next(), byte + 1);
    }
    (byte * 37) as u8
}

fn copy(draw: &mut Draw, out: &mut Vec<u8>) {
    let len = draw.next() % 300 + 1;
    if !out.is_empty() && !draw.next().is_multiple_of(4) {
        let back = out.len().min(draw.next() % 40_000 + 1);
        (0..len).for_each(|_| out.push(out[out.len() - back]));
    } else {
        out.extend(draw.bytes(len, 256, 0));
    }
}

fn edge(draw: &mut Draw, out: &mut Vec<u8>) {
    let block = draw.bytes(40, 256, 0);
    out.extend(&block);
    (0..16).for_each(|_| out.extend(0..=255));
    out.extend(&block[..draw.next() % 38 + 3]);
    let between = [3, 32_506 - 4_136, 32_505 - 4_136, 100][draw.next() % 4];
    out.extend(draw.bytes(between, 256, 0));
    out.extend(&block);
}

fn data(kind: &str, draw: &mut Draw, size: usize) -> Vec<u8> {
    match kind {
        "noise" => draw.bytes(size, 256, 0),
        "few" => draw.bytes(size, 3, 97),
        "skewed" => until(size, |out| out.push(skewed(draw))),
        "words" => until(size, |out| {
            let (offset, key) = (draw.next() % 977, draw.next() % 13);
            out.extend(format!("offset-{offset} key:{key} leader epoch ").bytes());
        }),
        "copies" => until(size, |out| copy(draw, out)),
        "runs" => until(size, |out| {
            let byte = (draw.next() % 4) as u8;
            out.resize(out.len() + draw.next() % 700 + 1, byte);
        }),
        "edges" => until(size, |out| edge(draw, out)),
        "mixed" => until(size, |out| {
            let kind = ["noise", "few", "words", "runs"][draw.next() % 4];
            let size = draw.next() % 30_000 + 1;
            out.extend(data(kind, draw, size));
        }),
        other => panic!("no kind {other}"),
    }
}

/// CRC-32, bit by bit: another way than the engine's.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

#[test]
fn every_level_gives_what_zlib_gives() {
    let text = include_str!("zlib.txt");
    let mut wrong = Vec::new();
    let mut cases = 0;
    let mut last = (String::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| fields[at].parse::<usize>().expect("a number");
        let (name, size) = (fields[..3].join(" "), number(1));
        if last.0 != name {
            let plain = data(fields[0], &mut Draw((number(2) * 1_000 + size) as u64), size);
            last = (name, plain);
        }
        let plain = &last.1;
        let packed = deflate(plain, number(3) as i32);
        if (packed.len(), crc32(&packed) as usize) != (number(4), number(5)) {
            wrong.push(format!("{line}: {} bytes", packed.len()));
        }
        let used = packed.len();
        assert!(inflate(&packed, size) == Some((plain.clone(), used)), "{line}: unpacked to something else");
        assert!(size == 0 || inflate(&packed, size - 1).is_none(), "{line}: more than is allowed");
        cases += 1;
    }
    assert!(cases >= 900, "only {cases} cases");
    assert!(wrong.is_empty(), "{} of {cases} differ: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

#[test]
fn a_level_that_is_none_is_the_default() {
    let plain = data("words", &mut Draw(1), 5_000);
    assert_eq!(deflate(&plain, -1), deflate(&plain, 6));
    assert_ne!(deflate(&plain, 1), deflate(&plain, 6));
}

#[test]
fn what_zlib_refuses_is_refused() {
    let refused: [(&str, &[u8]); 9] = [
        ("nothing at all", &[]),
        ("a block of the fourth kind", &[0b111]),
        ("a stored block whose length is not what its complement says", &[1, 1, 0, 0xFF, 0xFF, 7]),
        ("a stored block that ends early", &[1, 2, 0, 0xFD, 0xFF, 7]),
        ("a distance before the beginning", &[0x4B, 0x04, 0x22, 0]),
        ("more than 286 literals", &[0xFD, 0xFF, 0xFF, 0xFF, 0xFF]),
        ("a tree of lengths that is incomplete", &[5, 0, 2, 0, 0, 0]),
        ("a fixed code that stands for nothing", &[0x1B, 3, 0, 0]),
        ("no end", &[0x4B]),
    ];
    for (what, bytes) in refused {
        assert!(inflate(bytes, 1_000).is_none(), "{what}");
    }
}
