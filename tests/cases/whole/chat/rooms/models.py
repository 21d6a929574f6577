from django.db import models


class Room(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=80)

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title


class Message(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    who = models.CharField(max_length=40)
    text = models.TextField()
    picture = models.FileField(upload_to="pictures/", blank=True)
    said = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def as_dict(self):
        found = {"id": self.pk, "who": self.who, "text": self.text}
        if self.picture:
            found["picture"] = self.picture.size
        return found
