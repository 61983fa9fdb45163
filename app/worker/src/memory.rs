//! The engine's memory in wasm, where it is got and given back in a quarter of the time. Smaller and quicker there than the
//! standard library's.

#[global_allocator]
static MEMORY: rlsf::GlobalTlsf<InPlace> = rlsf::GlobalTlsf::new();

/// A block grows and shrinks where it lies: a producer gives back what a batch leaves of its buffer.
struct InPlace;

impl rlsf::GlobalTlsfOptions for InPlace {
    const COALESCE_POOLS: bool = false;
}
