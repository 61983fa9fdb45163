//! The log microscope: what the files of one replica say, read as Kafka's own start-up and `kafka-dump-log.sh` read them.
//!
//! Only files are read, so the log of a dead broker opens as well as that of one that runs; how far records are safe is
//! the one thing that a running broker knows better than its checkpoint.

use bytes::Bytes;
use cluster::spec::LOG_DIR;
use log::batch::{BatchView, Batches, HEADER_LEN, LOG_OVERHEAD};
use log::checkpoint::{CLEANER_FILE, read_leader_epochs, read_offsets};
use log::index::OffsetIndex;
use log::segment::{self, DELETED, LOG, OFFSET_INDEX};
use protocol::TopicPartition;
use sim::{Disk, File};
use wire::Problem;
use wire::log::{BatchMark, FieldView, GoneView, LogView, OpenView, SegmentView};
use wire::reply::Answer;
use wire::view::CellView;

use super::problem;
use crate::stage::Stage;
use crate::view::Scene;
use crate::view::replicas::{cell, text};

/// Offsets shown side by side.
const COLUMNS: i64 = 26;
/// Batches of the open segment around the offset.
const BATCHES_MAX: usize = 40;
/// Of them, so many from the one looked for on.
const BATCHES_AFTER: usize = 8;
/// Bytes and records of one batch that are shown.
const BYTES_MAX: usize = 1024;
const RECORDS_MAX: usize = 30;
/// Keys of the offset map that are shown.
const KEYS_MAX: usize = 8;
/// Bytes read of a segment at a time: the batches that are shown fit in.
const READ_MAX: u64 = 1024 * 1024;

pub fn read(stage: &Stage, id: TopicPartition, broker: i32, offset: i64) -> Result<Answer, Problem> {
    let scene = Scene::of(stage.world());
    let none = |why: String| problem("This log cannot be opened", vec![why]);
    let seat = scene.brokers.get(&broker).ok_or_else(|| none(format!("There is no broker {broker}.")))?;
    let disk = stage.world().disk(seat.node);
    let disk = disk.filter(|disk| !disk.list(&format!("{LOG_DIR}/{id}")).is_empty());
    let disk = disk.ok_or_else(|| none(format!("The disk of broker {broker} has no folder {id}.")))?;
    let mut view = on_disk(disk, &id);
    view.folder = format!("{}/{}", seat.spec.host, view.folder);
    if let Some(log) = seat.broker.and_then(|broker| broker.log(&id)) {
        (view.high_watermark, view.last_stable) = (log.high_watermark(), Some(log.last_stable_offset()));
        (view.log_start, view.log_end) = (log.log_start(), log.log_end());
    }
    let offset = offset.clamp(view.log_start, (view.log_end - 1).max(view.log_start));
    view.gone = gone(disk, &id, seat.broker.and_then(|broker| broker.dirty_from(&id)), &view);
    let start = view.gone.as_ref().map_or(view.log_start, |gone| gone.segments[0].base.min(view.log_start));
    let first = (offset - COLUMNS / 2).min(view.log_end + 1 - COLUMNS).max(start);
    view.window = (first, first + COLUMNS);
    if let Some(gone) = &mut view.gone {
        gone.records.retain(|record| (first..first + COLUMNS).contains(&record.offset));
    }
    view.records = records(disk, &id, &view);
    let holds = |segment: &&SegmentView| segment.base <= offset;
    view.open = view.segments.iter().rfind(holds).and_then(|segment| open(disk, &id, segment, offset));
    Ok(Answer::Log(Box::new(view)))
}

/// Segments and checkpoints.
fn on_disk(disk: &Disk, id: &TopicPartition) -> LogView {
    let folder = format!("{LOG_DIR}/{id}");
    let checkpoint = |name: &str| read_offsets(disk, &format!("{LOG_DIR}/{name}")).ok()?.get(id).copied();
    let bases = bases(disk, id, LOG);
    let segment = |(at, base): (usize, &i64)| {
        let file = disk.file(&file_name(id, *base, LOG));
        let ends = |next: &i64| *next;
        SegmentView {
            base: *base,
            end: bases.get(at + 1).map_or_else(|| file.map_or(*base, |file| end_of(file, *base)), ends),
            bytes: file.map_or(0, File::len),
            active: at + 1 == bases.len(),
        }
    };
    let segments: Vec<SegmentView> = bases.iter().enumerate().map(segment).collect();
    let log_start = checkpoint("log-start-offset-checkpoint").or(bases.first().copied()).unwrap_or(0);
    let log_end = segments.last().map_or(log_start, |last| last.end);
    LogView {
        log_start,
        log_end,
        high_watermark: checkpoint("replication-offset-checkpoint").unwrap_or(log_start).min(log_end),
        cleaned_to: checkpoint(CLEANER_FILE),
        epochs: read_leader_epochs(disk, &folder)
            .unwrap_or_default()
            .iter()
            .map(|entry| (entry.epoch, entry.start_offset))
            .collect(),
        segments,
        folder,
        ..LogView::default()
    }
}

/// First offsets of the files with an ending, in order: their names have all the digits.
fn bases(disk: &Disk, id: &TopicPartition, ending: &str) -> Vec<i64> {
    let names = disk.list(&format!("{LOG_DIR}/{id}"));
    names.iter().filter_map(|name| name.strip_suffix(ending)?.parse().ok()).collect()
}

fn file_name(id: &TopicPartition, base: i64, ending: &str) -> String {
    format!("{LOG_DIR}/{id}/{}", segment::file_name(base, ending))
}

/// Whole batches of a segment from a byte on, each with its place.
fn batches(file: &File, from: u64) -> impl Iterator<Item = (u64, BatchView)> {
    let bytes: Bytes = file.read(from, READ_MAX);
    Batches::new(bytes).map_while(Result::ok).scan(from, |at, batch| {
        let here = *at;
        *at += batch.size() as u64;
        Some((here, batch))
    })
}

fn end_of(file: &File, base: i64) -> i64 {
    let (mut at, mut end) = (0, base);
    while at < file.len() {
        let before = at;
        for (place, batch) in batches(file, at) {
            (at, end) = (place + batch.size() as u64, batch.next_offset());
        }
        if at == before {
            break;
        }
    }
    end
}

fn index(disk: &Disk, id: &TopicPartition, base: i64) -> OffsetIndex {
    let file = disk.file(&file_name(id, base, OFFSET_INDEX));
    OffsetIndex::read(base, i32::MAX, &file.map(|file| file.read(0, READ_MAX)).unwrap_or_default())
}

/// The records of the window, of every segment it touches.
fn records(disk: &Disk, id: &TopicPartition, view: &LogView) -> Vec<CellView> {
    let (first, end) = view.window;
    let mut cells = Vec::new();
    for segment in view.segments.iter().filter(|segment| segment.base < end && segment.end > first) {
        let Some(file) = disk.file(&file_name(id, segment.base, LOG)) else { continue };
        let from = index(disk, id, segment.base).lookup(first).1.max(0) as u64;
        for (_, batch) in batches(file, from).take_while(|(_, batch)| batch.base_offset() < end) {
            let inside = batch.records().map_while(Result::ok).filter(|r| (first..end).contains(&r.offset));
            cells.extend(inside.map(|record| cell(&record, batch.leader_epoch(), batch.is_control())));
        }
    }
    cells
}

/// What the cleaner replaced or retention deleted, as long as it lies there.
fn gone(disk: &Disk, id: &TopicPartition, dirty: Option<i64>, view: &LogView) -> Option<GoneView> {
    let (mut end, mut room, ending) = (0, READ_MAX, [LOG, DELETED].concat());
    let mut gone = GoneView { segments: vec![], records: vec![], dirty, newest: vec![] };
    for base in bases(disk, id, &ending) {
        // What an earlier pass replaced, or a truncation, can lie there still.
        if base < end || base >= view.cleaned_to.unwrap_or(0).max(view.log_start) {
            continue;
        }
        let file = disk.file(&file_name(id, base, &ending)).filter(|file| file.len() <= room)?;
        room -= file.len();
        end = base;
        for (_, batch) in batches(file, 0) {
            end = batch.next_offset();
            for record in batch.records().map_while(Result::ok) {
                let seen = cell(&record, batch.leader_epoch(), batch.is_control());
                gone.records.push(seen.clone());
                // A transaction's records are in the map unless it was aborted, which is not read here.
                let mapped = dirty.is_some_and(|from| record.offset >= from) && !batch.is_transactional();
                match gone.newest.iter().position(|other| other.key == seen.key) {
                    _ if !mapped || seen.key.is_none() => {}
                    Some(at) => gone.newest[at] = seen,
                    None if gone.newest.len() < KEYS_MAX => gone.newest.push(seen),
                    None => {}
                }
            }
        }
        gone.segments.push(SegmentView { base, end, bytes: file.len(), active: false });
    }
    (!gone.segments.is_empty()).then_some(gone)
}

fn open(disk: &Disk, id: &TopicPartition, segment: &SegmentView, offset: i64) -> Option<OpenView> {
    let file = disk.file(&file_name(id, segment.base, LOG))?;
    let index = index(disk, id, segment.base);
    let found = index.lookup(offset);
    let entries: Vec<(i64, u64)> = index.entries().map(|(offset, at)| (offset, at.max(0) as u64)).collect();
    // Some batches before the entry are shown too, from an entry further back: there is no other way to walk backwards.
    let before = entries.iter().rposition(|(entry, _)| *entry <= offset).unwrap_or(0).saturating_sub(2);
    let from = if before == 0 { 0 } else { entries[before].1 };
    // Small batches between two entries can be more than are shown: the one looked for is always among them.
    let ahead = batches(file, from).take_while(|(_, batch)| batch.last_offset() < offset).count();
    let left_out = ahead.saturating_sub(BATCHES_MAX - BATCHES_AFTER);
    let near: Vec<(u64, BatchView)> = batches(file, from).skip(left_out).take(BATCHES_MAX).collect();
    let mark = |(at, batch): &(u64, BatchView)| BatchMark {
        base: batch.base_offset(),
        last: batch.last_offset(),
        at: *at,
        bytes: batch.size() as u64,
    };
    let wanted = near.iter().find(|(_, batch)| batch.last_offset() >= offset);
    Some(OpenView {
        base: segment.base,
        offset,
        bytes: segment.bytes,
        found: (found.0, found.1.max(0) as u64),
        index: entries,
        batch: wanted.map(|place| batch(mark(place), &place.1)),
        batches: near.iter().map(mark).collect(),
    })
}

fn batch(mark: BatchMark, batch: &BatchView) -> wire::log::BatchView {
    let mut fields = header(batch);
    body(batch, &mut fields);
    wire::log::BatchView {
        mark,
        bytes: batch.bytes()[..batch.size().min(BYTES_MAX)].to_vec(),
        // The checksum begins to count after itself.
        crc_from: 21,
        crc_holds: batch.verify_crc(),
        fields,
    }
}

/// The header of `DefaultRecordBatch`, field by field.
fn header(batch: &BatchView) -> Vec<FieldView> {
    let producer = if batch.has_producer_id() { "idempotent" } else { "not idempotent" };
    let crc = format!("0x{:08X}", batch.crc());
    let crc_note = if batch.verify_crc() { "CRC-32C, holds" } else { "CRC-32C, does not hold" };
    let horizon = if batch.delete_horizon_ms().is_some() { "delete horizon" } else { "ms since 1970" };
    let rows: [(&str, u32, String, String); 13] = [
        ("baseOffset", 8, batch.base_offset().to_string(), "leader stamps it".into()),
        ("batchLength", 4, (batch.size() - LOG_OVERHEAD).to_string(), "bytes that follow".into()),
        ("partitionLeaderEpoch", 4, batch.leader_epoch().to_string(), "leader stamps it".into()),
        ("magic", 1, batch.magic().to_string(), "format".into()),
        ("crc", 4, crc, crc_note.into()),
        ("attributes", 2, batch.attributes().to_string(), attributes(batch)),
        ("lastOffsetDelta", 4, batch.last_offset_delta().to_string(), format!("last is {}", batch.last_offset())),
        ("baseTimestamp", 8, batch.base_timestamp().to_string(), horizon.into()),
        ("maxTimestamp", 8, batch.max_timestamp().to_string(), "newest record's".into()),
        ("producerId", 8, batch.producer_id().to_string(), producer.into()),
        ("producerEpoch", 2, batch.producer_epoch().to_string(), String::new()),
        ("baseSequence", 4, batch.base_sequence().to_string(), "finds duplicates".into()),
        ("recordCount", 4, batch.count().to_string(), String::new()),
    ];
    let mut at = 0;
    let place = |(name, bytes, value, note): (&str, u32, String, String)| {
        let field = FieldView { name: name.to_string(), at, bytes, value, note };
        at += bytes;
        field
    };
    rows.into_iter().map(place).collect()
}

fn attributes(batch: &BatchView) -> String {
    let codec = match batch.codec() {
        Ok(log::batch::Codec::None) => "no codec".to_string(),
        Ok(codec) => format!("{codec:?}").to_ascii_lowercase(),
        Err(_) => "unknown codec".to_string(),
    };
    let flags = [(batch.is_transactional(), ", transactional"), (batch.is_control(), ", control")];
    flags.iter().filter(|(on, _)| *on).fold(codec, |words, (_, flag)| words + flag)
}

/// The records: each with its place on the disk, unless they are compressed together.
fn body(batch: &BatchView, fields: &mut Vec<FieldView>) {
    let mut at = HEADER_LEN as u32;
    if batch.is_compressed() {
        let (packed, whole) = (batch.size() - HEADER_LEN, batch.body().map_or(0, |body| body.len()));
        fields.push(FieldView {
            name: "records".into(),
            at,
            bytes: packed as u32,
            value: format!("{packed} bytes"),
            note: format!("{whole} unpacked"),
        });
    }
    let body = batch.body().unwrap_or_default();
    let raws = log::batch::RawRecords::new(&body, batch.count()).map_while(Result::ok);
    for (raw, record) in raws.zip(batch.records().map_while(Result::ok)).take(RECORDS_MAX) {
        let bytes = if batch.is_compressed() { 0 } else { raw.size as u32 };
        let key = record.key.as_deref().map_or("null".to_string(), text);
        let value = record.value.as_deref().map_or("null".to_string(), text);
        fields.push(FieldView {
            name: format!("record {}", record.offset),
            at: if bytes == 0 { HEADER_LEN as u32 } else { at },
            bytes,
            value: if batch.is_control() { "control record".into() } else { format!("{key} = {value}") },
            note: if record.value.is_none() { "tombstone".into() } else { String::new() },
        });
        at += bytes;
    }
}
