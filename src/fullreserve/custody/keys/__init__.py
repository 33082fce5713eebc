"""Keys of holders and signers: where they are kept, how they are made, changed and used."""
