//! Huffman trees with zlib's ties: of two nodes of one weight the one of less depth, then the one that the heap has on top
//! (`build_tree`, `gen_bitlen`, `gen_codes` of `trees.c`).

use crate::fixed_literal_len;

const BITS_MAX: usize = 15;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes, the end of the block and lengths.
    Literals,
    Distances,
    /// The lengths of the codes of the two other trees.
    Lengths,
}

impl Kind {
    fn symbols(self) -> usize {
        match self {
            Kind::Literals => 286,
            Kind::Distances => 30,
            Kind::Lengths => 19,
        }
    }

    fn extra_bits(self, symbol: usize) -> i64 {
        let of = |code: usize, sub: usize| (code >> sub).saturating_sub(1) as i64;
        match self {
            Kind::Literals if symbol > 256 && symbol < 285 => of(symbol - 257, 2),
            Kind::Literals => 0,
            Kind::Distances => of(symbol, 1),
            Kind::Lengths => [2, 3, 7].get(symbol.wrapping_sub(16)).copied().unwrap_or(0),
        }
    }

    fn fixed_len(self, symbol: usize) -> i64 {
        match self {
            Kind::Literals => i64::from(fixed_literal_len(symbol)),
            Kind::Distances => 5,
            Kind::Lengths => 0,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Node {
    count: u32,
    /// Above the node in the tree; its own number at the root.
    parent: u16,
    depth: u8,
    len: u8,
}

pub struct Tree {
    kind: Kind,
    nodes: Vec<Node>,
    /// The lengths of the codes up to the last that is used; 0 is unused.
    pub lens: Vec<u8>,
    /// Bits of all that was counted, without the tree.
    pub bits: i64,
    /// The same with the fixed trees.
    pub fixed_bits: i64,
}

impl Tree {
    pub fn new(kind: Kind) -> Tree {
        Tree { kind, nodes: vec![Node::default(); kind.symbols()], lens: Vec::new(), bits: 0, fixed_bits: 0 }
    }

    pub fn count(&mut self, symbol: usize) {
        self.nodes[symbol].count += 1;
    }

    /// Finds the lengths of the codes.
    pub fn build(&mut self) {
        let leaves = self.nodes.len();
        let mut heap: Vec<u16> =
            (0..leaves as u16).filter(|symbol| self.nodes[usize::from(*symbol)].count > 0).collect();
        let mut last = heap.last().copied();
        // A tree has two codes at least; the ones that are made up cost nothing.
        while heap.len() < 2 {
            let symbol = match last {
                None | Some(0 | 1) => last.map_or(0, |last| last + 1),
                Some(_) => 0,
            };
            last = last.max(Some(symbol));
            self.nodes[usize::from(symbol)].count = 1;
            self.bits -= 1;
            self.fixed_bits -= self.kind.fixed_len(usize::from(symbol));
            heap.push(symbol);
        }
        let order = self.join(heap);
        let overflow = self.set_lens(&order);
        if overflow > 0 {
            self.shorten(&order, overflow);
        }
        self.nodes.truncate(usize::from(last.unwrap_or(0)) + 1);
        self.lens = self.nodes.iter().map(|node| node.len).collect();
        for (symbol, node) in self.nodes.iter().enumerate() {
            let (count, extra) = (i64::from(node.count), self.kind.extra_bits(symbol));
            self.bits += count * (i64::from(node.len) + extra);
            self.fixed_bits += count * (self.kind.fixed_len(symbol) + extra);
        }
    }

    /// Joins the two lightest nodes until one is left; all nodes, the root first and heavier ones before lighter ones.
    fn join(&mut self, mut heap: Vec<u16>) -> Vec<u16> {
        let mut taken = Vec::with_capacity(2 * heap.len());
        for at in (0..heap.len() / 2).rev() {
            self.sift_down(&mut heap, at);
        }
        while heap.len() > 1 {
            let lightest = heap.swap_remove(0);
            self.sift_down(&mut heap, 0);
            let next = heap[0];
            taken.extend([lightest, next]);
            let (a, b) = (self.nodes[usize::from(lightest)], self.nodes[usize::from(next)]);
            let joined = self.nodes.len() as u16;
            let (count, depth) = (a.count + b.count, a.depth.max(b.depth) + 1);
            self.nodes.push(Node { count, depth, parent: joined, len: 0 });
            self.nodes[usize::from(lightest)].parent = joined;
            self.nodes[usize::from(next)].parent = joined;
            heap[0] = joined;
            self.sift_down(&mut heap, 0);
        }
        taken.push(heap[0]);
        taken.reverse();
        taken
    }

    /// `pqdownheap`.
    fn sift_down(&self, heap: &mut [u16], mut at: usize) {
        let weight = |number: u16| (self.nodes[usize::from(number)].count, self.nodes[usize::from(number)].depth);
        let Some(moved) = heap.get(at).copied() else { return };
        loop {
            let mut child = 2 * at + 1;
            if child >= heap.len() {
                break;
            }
            if child + 1 < heap.len() && weight(heap[child + 1]) <= weight(heap[child]) {
                child += 1;
            }
            if weight(moved) <= weight(heap[child]) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = moved;
    }

    fn len_max(&self) -> u8 {
        if self.kind == Kind::Lengths { 7 } else { BITS_MAX as u8 }
    }

    fn is_leaf(&self, number: u16) -> bool {
        usize::from(number) < self.kind.symbols()
    }

    /// The depth of each node, up to the most; how many were deeper.
    fn set_lens(&mut self, order: &[u16]) -> i32 {
        let mut overflow = 0;
        for number in &order[1..] {
            let parent = self.nodes[usize::from(*number)].parent;
            let mut len = self.nodes[usize::from(parent)].len + 1;
            if len > self.len_max() {
                len = self.len_max();
                overflow += 1;
            }
            self.nodes[usize::from(*number)].len = len;
        }
        overflow
    }

    /// Makes room for the leaves that were too deep and gives out the lengths anew, the longest to the lightest.
    fn shorten(&mut self, order: &[u16], mut overflow: i32) {
        let most = usize::from(self.len_max());
        let leaves: Vec<u16> = order.iter().copied().filter(|number| self.is_leaf(*number)).collect();
        let mut counts = [0usize; BITS_MAX + 1];
        leaves.iter().for_each(|number| counts[usize::from(self.nodes[usize::from(*number)].len)] += 1);
        while overflow > 0 {
            let above = (1..most).rev().find(|len| counts[*len] > 0).unwrap_or(1);
            counts[above] -= 1;
            counts[above + 1] += 2;
            counts[most] -= 1;
            overflow -= 2;
        }
        let mut lightest_first = leaves.into_iter().rev();
        for len in (1..=most).rev() {
            for number in lightest_first.by_ref().take(counts[len]) {
                self.nodes[usize::from(number)].len = len as u8;
            }
        }
    }
}

/// The canonical codes for these lengths, their bits in the order in which they are sent.
pub fn codes_of(lens: &[u8]) -> Vec<u16> {
    let mut next = [0u16; BITS_MAX + 2];
    for len in 1..=BITS_MAX {
        let count = lens.iter().filter(|other| usize::from(**other) == len).count() as u16;
        next[len + 1] = (next[len] + count) << 1;
    }
    let code = |len: &u8| {
        let next = &mut next[usize::from(*len)];
        *next += 1;
        (*next - 1).reverse_bits() >> (16 - u16::from(*len)).min(15)
    };
    lens.iter().map(code).collect()
}
