//! `Wire` of the types that stand in messages as they are: big-endian integers, ids, strings, bytes.

use base::Uuid;
use bytes::Bytes;

use crate::codec::Wire;
use crate::float64::Float64;
use crate::reader::Reader;
use crate::writer::Writer;

macro_rules! integers {
    ($($type:ty as $as:ident;)*) => {$(
        impl Wire for $type {
            fn put(&self, w: &mut Writer, _: bool, _: i16) {
                w.$as(*self as $as);
            }

            fn get(r: &mut Reader, _: bool, _: i16) -> $type {
                r.$as() as $type
            }
        }
    )*};
}

integers! {
    i8 as i8;
    i16 as i16;
    u16 as i16;
    i32 as i32;
    u32 as i32;
    i64 as i64;
}

impl Wire for bool {
    fn put(&self, w: &mut Writer, _: bool, _: i16) {
        w.i8((*self).into());
    }

    fn get(r: &mut Reader, _: bool, _: i16) -> bool {
        r.i8() != 0
    }
}

impl Wire for Float64 {
    fn put(&self, w: &mut Writer, _: bool, _: i16) {
        w.i64(self.0 as i64);
    }

    fn get(r: &mut Reader, _: bool, _: i16) -> Float64 {
        Float64(r.i64() as u64)
    }
}

impl Wire for Uuid {
    fn put(&self, w: &mut Writer, _: bool, _: i16) {
        w.u128(self.0);
    }

    fn get(r: &mut Reader, _: bool, _: i16) -> Uuid {
        Uuid(r.u128())
    }
}

impl Wire for String {
    fn put(&self, w: &mut Writer, flexible: bool, _: i16) {
        w.string(flexible, self, "element");
    }

    fn get(r: &mut Reader, flexible: bool, _: i16) -> String {
        r.string(flexible, "element")
    }
}

impl Wire for Bytes {
    fn put(&self, w: &mut Writer, flexible: bool, _: i16) {
        w.bytes(flexible, self, "element");
    }

    fn get(r: &mut Reader, flexible: bool, _: i16) -> Bytes {
        r.bytes(flexible, "element")
    }
}
