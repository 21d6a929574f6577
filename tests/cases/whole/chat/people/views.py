from django.contrib.auth.decorators import login_required
from django.http import JsonResponse

from .models import Profile


@login_required
def me(request):
    profile = Profile.objects.filter(user=request.user).first()
    return JsonResponse({"called": profile.called if profile else request.user.get_username()})
