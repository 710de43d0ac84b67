"""What people mean when they speak: numbers, dates, times, yes and no, choices, wishes.

English, as a recognizer writes it and as people say it. Every function is pure, answers None where
it is not sure, and never guesses: the bot asks again.
"""
