//! Damaged bytes never panic and never allocate much: every recorded body, with random bytes changed, cut or repeated.

use base::Rng;
use bytes::Bytes;
use protocol::{ApiKey, Packet, Request, Response};

/// Mutations of each seed; 100,000 bodies in all.
const MUTATIONS: usize = 100_000;

/// The bodies of the recorded cases: API, version, whether a request, bytes.
fn bodies() -> Vec<(ApiKey, i16, bool, Vec<u8>)> {
    let mut bodies = Vec::new();
    for name in ["protocol-requests", "protocol-responses", "protocol-rest"] {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            let api = ApiKey::from_code(case["key"].as_i64().expect("key") as i16).expect("known");
            let hex = case["hex"].as_str().expect("hex");
            let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"));
            bodies.push((
                api,
                case["version"].as_i64().expect("version") as i16,
                case["type"] == "request",
                bytes.collect(),
            ));
        }
    }
    bodies
}

fn damage(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.between(1, 4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        match rng.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.below(256) as u8),
            // Lengths live at the extremes.
            2 if at < bytes.len() => bytes[at] = [0x00, 0x7f, 0x80, 0xff][rng.below(4) as usize],
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            _ => bytes.extend_from_within(at..),
        }
    }
}

#[test]
fn damaged_bodies_decode_or_fail_without_panic() {
    let bodies = bodies();
    let mut rng = Rng::new(1, 0, "mutations");
    let (mut read, mut refused) = (0, 0);
    for _ in 0..MUTATIONS {
        let (api, version, is_request, body) = &bodies[rng.below(bodies.len() as u64) as usize];
        let mut bytes = body.clone();
        damage(&mut bytes, &mut rng);
        let (mut input, mut out) = (Bytes::from(bytes), Vec::new());
        // What was read must also be writable in that version, or say why not.
        let result = if *is_request {
            Request::decode(*api, *version, &mut input).and_then(|body| body.encode(*version, &mut out))
        } else {
            Response::decode(*api, *version, &mut input).and_then(|body| body.encode(*version, &mut out))
        };
        if result.is_ok() { read += 1 } else { refused += 1 }
    }
    assert!(read > MUTATIONS / 20 && refused > MUTATIONS / 20, "{read} read, {refused} refused");
}

#[test]
fn damaged_frames_fail_without_panic() {
    let mut rng = Rng::new(2, 0, "mutations");
    for (api, version, is_request, body) in bodies().into_iter().filter(|(_, _, is_request, _)| *is_request) {
        assert!(is_request);
        let body = Request::decode(api, version, &mut body.into()).expect("recorded");
        let packet =
            Packet::Request { correlation_id: 7, client_id: "größe".into(), api_version: version, body: body.into() };
        let frame = packet.encode().expect("recorded");
        assert_eq!(packet.wire_len(), Ok(frame.len() as u64));
        assert_eq!(Packet::decode_request(&frame.clone().into()), Ok(packet));
        for _ in 0..20 {
            let mut frame = frame.clone();
            damage(&mut frame, &mut rng);
            let frame = Bytes::from(frame);
            let _ = Packet::decode_request(&frame);
            let _ = Packet::decode_response(api, version, &frame);
        }
    }
}
