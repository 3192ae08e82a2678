"""`dunning init`: asks for the settings that are not there yet, and checks each answer as it comes."""
