//! The heads that arrive on an HTTP/2 connection, counted by their frames (RFC 9113, 4.1). What h2 finds malformed or too long it
//! answers by itself and tells nobody: it is the difference to those that a service was asked for.
use super::limits::LONGEST_HEAD;

/// The frame that begins a head, or what trails a body (RFC 9113, 6.2).
const HEADERS: u8 = 1;
/// One that goes on with it (6.10).
const CONTINUATION: u8 = 9;
/// The flag of the last of them.
const END_HEADERS: u8 = 4;
/// A frame's length in three bytes, its type, its flags, and the stream that it belongs to.
const HEAD: usize = 9;

/// Follows what a client sends behind the preface.
#[derive(Debug, Default)]
pub(super) struct Heads {
    head: [u8; HEAD],
    of_head: usize,
    of_payload: usize,
    payload: usize,
    last_stream: u32,
    begun: usize,
    is_open: bool,
}

impl Heads {
    /// Reads on; gives how many heads have begun since the connection did.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> usize {
        while !bytes.is_empty() {
            let payload = self.of_payload.min(bytes.len());
            self.of_payload -= payload;
            bytes = &bytes[payload..];
            let head = bytes.len().min(HEAD - self.of_head);
            self.head[self.of_head..self.of_head + head].copy_from_slice(&bytes[..head]);
            (self.of_head, bytes) = (self.of_head + head, &bytes[head..]);
            if self.of_head == HEAD {
                self.begin_frame();
            }
        }
        self.begun
    }

    /// What waits for its rest, in bytes: of the frame that has not come whole, and of the head that it belongs to, which may be as long as
    /// one can be however few its bytes were (RFC 7541, 6.1).
    pub(super) fn unfinished(&self) -> usize {
        let of_head = if self.is_open { LONGEST_HEAD as usize } else { 0 };
        let of_frame = if self.of_payload > 0 { self.payload - self.of_payload } else { 0 };
        of_head + of_frame
    }

    fn begin_frame(&mut self) {
        let [long, length, short, kind, flags, stream @ ..] = self.head;
        self.payload = u32::from_be_bytes([0, long, length, short]) as usize;
        (self.of_head, self.of_payload) = (0, self.payload);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.is_open = flags & END_HEADERS == 0;
        }
        let stream = u32::from_be_bytes(stream) & (u32::MAX >> 1);
        if kind == HEADERS && stream > self.last_stream {
            self.last_stream = stream;
            self.begun += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u8, length: u8) -> Vec<u8> {
        let head = [0, 0, length, kind, 0, 0x80, 0, 0, stream];
        head.into_iter().chain((0..length).map(|_| HEADERS)).collect()
    }

    #[test]
    fn a_head_is_counted_once_however_its_frames_arrive_and_what_trails_a_body_is_none() {
        let settings = frame(4, 0, 12);
        let (first, body, trailers) =
            (frame(HEADERS, 1, 30), frame(0, 1, 200), frame(HEADERS, 1, 3));
        let (continued, empty) = (frame(9, 1, 7), frame(HEADERS, 5, 0));
        let sent = [settings, first, continued, body, trailers, empty].concat();
        for piece in 1..sent.len() {
            let mut heads = Heads::default();
            let begun = sent.chunks(piece).map(|bytes| heads.follow(bytes)).last();
            assert_eq!(begun, Some(2), "in pieces of {piece}");
        }
        assert_eq!(Heads::default().follow(&sent[..21 + 8]), 0, "only a part of a frame's head");
        assert_eq!(Heads::default().follow(&sent[..21 + 9]), 1);
    }

    #[test]
    fn what_is_not_whole_is_a_part_of_a_frame_and_a_head_that_goes_on() {
        let mut heads = Heads::default();
        let mut after = |bytes: &[u8]| {
            heads.follow(bytes);
            heads.unfinished()
        };
        let body = frame(0, 1, 200);
        assert_eq!((after(&body[..9]), after(&body[9..109]), after(&body[109..])), (0, 100, 0));
        let longest = LONGEST_HEAD as usize;
        assert_eq!(after(&frame(HEADERS, 1, 3)), longest, "it has not ended");
        assert_eq!(after(&frame(CONTINUATION, 1, 3)[..11]), longest + 2);
        let mut end = frame(CONTINUATION, 1, 2);
        end[4] = END_HEADERS;
        assert_eq!((after(&[0]), after(&end)), (longest, 0));
    }
}
