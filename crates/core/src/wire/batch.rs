//! The commands of a journal row.

use super::{Command, Malformed, Reader, Sink, Wire, Writer};

/// Commands decoded from a row's bytes, all of them before any is applied: malformed bytes are
/// refused while nothing has changed yet. The memory is reused from batch to batch.
#[derive(Default)]
pub struct Batch {
    commands: Vec<Command>,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the content; on an error the batch is empty.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.commands.clear();
        let read = self.read(bytes);
        if read.is_err() {
            self.commands.clear();
        }
        read
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(bytes);
        let count = reader.array()?;
        // The shortest command takes four bytes.
        self.commands.reserve(count.min(bytes.len() / 4));
        for _ in 0..count {
            reader = Command::read_onto(&mut self.commands, reader)?;
        }
        reader.finish()
    }

    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The bytes of a row that holds these commands.
    pub fn encode<'a>(commands: impl ExactSizeIterator<Item = &'a Command>) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(commands.len());
        for command in commands {
            command.write(&mut writer);
        }
        writer.into_bytes()
    }
}
